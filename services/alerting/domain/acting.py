"""Calls what is to repair what alerts are about, while this process leads.

What becomes of a call is a step in the life of its alert, and so kept, recorded and shown with it. That a call is made
is kept before it is: whoever leads next makes what may have been lost again, under the same key, and says that it may
be a repeat. It waits for as long as the former leader may still be making it: later that one refuses to itself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from services.alerting.domain.machine import ENDED
from services.alerting.ports.actions import ActionCaller, Run
from services.alerting.ports.alerts import (
    ACTION_FAILED,
    ACTION_LIMITED,
    ACTION_STARTED,
    ACTION_SUCCEEDED,
    ACTION_TRIED,
    Alert,
    AlertStep,
)
from services.alerting.ports.notifications import Answer, Stale, Verdict
from services.alerting.ports.rules import Action, Rule
from services.alerting.ports.states import KeptAlert
from services.core.clock import Clock
from services.core.errors import Unavailable

CLAIM_SECONDS = 5.0
"""For how long a call may be made, from when it was about to be kept that it is."""
HOUR = 3_600.0
AT_ONCE = 4
ATTEMPTS = 3
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
_ENDS = frozenset({ACTION_SUCCEEDED, ACTION_FAILED, ACTION_LIMITED, ACTION_TRIED})

Note = Callable[[str, AlertStep], Awaitable[None]]
"""Keeps a step of an alert, under the lease, and tells and records it. Raises Unavailable where it cannot be kept."""


@dataclass(frozen=True, slots=True)
class Life:
    """What of alerting actions need: the rules, the alerts with what happened to them, and how to go on from there."""

    rules: Callable[[], Mapping[str, Rule]]
    alerts: Callable[[], Mapping[str, KeptAlert]]
    note: Note
    repaired: Callable[[str, str], None]


class Acting:
    """See the module."""

    def __init__(self, tenant: str, life: Life, caller: ActionCaller, clock: Clock) -> None:
        self._tenant = tenant
        self._life = life
        self._caller = caller
        self._clock = clock
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._calls: dict[str, deque[float]] = {}

    def adopt(self, alerts: Iterable[KeptAlert]) -> None:
        """Go on with alerts of a former leader: what it had not begun, or not come to the end of."""
        for kept in alerts:
            alert, rule = kept.alert, self._life.rules().get(kept.alert.rule_id)
            done = {step.what: step.at for step in reversed(kept.steps)}
            if ACTION_STARTED in done:
                self._calls.setdefault(alert.rule_id, deque()).append(done[ACTION_STARTED])
            # An action is for what fires after it was set up.
            meant = ACTION_STARTED in done or (rule is not None and (alert.fired_at or 0.0) >= rule.updated_at)
            if alert.incident_id and alert.state not in ENDED and meant and not _ENDS & done.keys():
                self.joined([alert])
        self._calls = {rule_id: deque(sorted(times)) for rule_id, times in self._calls.items()}

    def joined(self, alerts: Iterable[Alert]) -> None:
        """Alerts that became part of an incident."""
        for alert in alerts:
            rule = self._life.rules().get(alert.rule_id)
            if rule is not None and rule.action is not None:
                self._waiting.put_nowait(alert.id)

    async def run(self) -> NoReturn:
        """Call until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                alert_id = await self._waiting.get()
                await self._slots.acquire()
                tasks.create_task(self._see_to(alert_id)).add_done_callback(lambda _task: self._slots.release())
        raise AssertionError

    async def _see_to(self, alert_id: str) -> None:
        """Make the call for an alert, again where it came to nothing."""
        if self._has_begun(alert_id):
            await self._clock.sleep(CLAIM_SECONDS)
        for attempt in range(ATTEMPTS):
            kept = self._life.alerts().get(alert_id)
            rule = self._life.rules().get(kept.alert.rule_id) if kept else None
            if kept is None or kept.alert.state in ENDED or rule is None or rule.action is None:
                return
            answer = await self._attempt(kept, rule.action, last=attempt == ATTEMPTS - 1)
            if answer is None:
                return
            pause = FIRST_PAUSE * 4.0**attempt if answer.retry_after is None else answer.retry_after
            await self._clock.sleep(min(pause, LONGEST_PAUSE))

    def _has_begun(self, alert_id: str) -> bool:
        """Whether the call for an alert may have been made."""
        kept = self._life.alerts().get(alert_id)
        return kept is not None and any(step.what == ACTION_STARTED for step in kept.steps)

    async def _attempt(self, kept: KeptAlert, action: Action, *, last: bool) -> Answer | None:
        """What was answered where it is to be tried again."""
        started = self._has_begun(kept.alert.id)
        if not started and (refusal := self._refusal(kept.alert.rule_id, action)):
            await self._note(kept.alert, *refusal)
            return None
        if not started:
            self._calls.setdefault(kept.alert.rule_id, deque()).append(self._clock.now())
        claimed_at = await self._note(kept.alert, ACTION_STARTED, action.receiver_id)
        run = Run(f"{kept.alert.id}-action", self._tenant, kept.alert, may_be_repeat=started)
        answer = await self._called(action.receiver_id, run, claimed_at)
        if answer.verdict is Verdict.DELIVERED:
            await self._note(kept.alert, ACTION_SUCCEEDED, answer.detail)
            self.agreed(kept.alert.id)
            return None
        if answer.verdict is Verdict.REFUSED or last:
            await self._note(kept.alert, ACTION_FAILED, answer.detail)
            return None
        return answer

    async def _called(self, receiver_id: str, run: Run, claimed_at: float) -> Answer:
        def go() -> None:
            if self._clock.monotonic() - claimed_at > CLAIM_SECONDS:
                raise Stale

        try:
            return await self._caller.call(receiver_id, run, go)
        except (Stale, Unavailable) as fault:
            return Answer(Verdict.FAILED, str(fault) or "it was too late to call", retry_after=1.0)

    def agreed(self, alert_id: str) -> None:
        """The condition of an alert does not hold any more, or its call has succeeded."""
        kept = self._life.alerts().get(alert_id)
        rule = self._life.rules().get(kept.alert.rule_id) if kept else None
        if kept is None or rule is None or rule.action is None or not rule.action.resolves:
            return
        if any(step.what == ACTION_SUCCEEDED for step in kept.steps):
            self._life.repaired(alert_id, f"action {rule.action.receiver_id}")

    def _refusal(self, rule_id: str, action: Action) -> tuple[str, str] | None:
        """Why a call is not made, as a step and in words."""
        if action.dry_run:
            return ACTION_TRIED, f"{action.receiver_id} would have been called"
        calls = self._calls.setdefault(rule_id, deque())
        while calls and calls[0] <= self._clock.now() - HOUR:
            calls.popleft()
        if len(calls) >= action.per_hour:
            return ACTION_LIMITED, f"{action.receiver_id} was called for {len(calls)} alerts within an hour"
        return None

    async def _note(self, alert: Alert, what: str, comment: str) -> float:
        """Keep what happened, however long that takes; gives when it began to, by the monotonic clock."""
        while True:
            began = self._clock.monotonic()
            step = AlertStep(self._clock.now(), what, alert.severity, alert.value, comment=comment)
            try:
                await self._life.note(alert.id, step)
            except Unavailable:
                await self._clock.sleep(1.0)
            else:
                return began
