"""The alerting of one tenant in the process that leads: what is judged is kept, then told and recorded."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from services.alerting.domain.acting import Acting, Life
from services.alerting.domain.book import AlertBook
from services.alerting.domain.holding_back.stage import held_back
from services.alerting.domain.incidents.call_following import follow_calls
from services.alerting.domain.incidents.grouping import Incidents, Taken
from services.alerting.domain.leadership import Leadership
from services.alerting.domain.machine import ENDED
from services.alerting.domain.outbox import Outbox, batch_of, batches_of
from services.alerting.domain.parts import parts_of, some_of
from services.alerting.domain.rebuilding import rebuilt
from services.alerting.domain.retries import Backoff
from services.alerting.domain.telling.rebuilding import threads_again
from services.alerting.domain.telling.telling import Means, Telling
from services.alerting.domain.telling.threads import Alerts
from services.alerting.domain.view import AlertView
from services.alerting.ports.actions import ActionCaller
from services.alerting.ports.alerts import (
    ACKNOWLEDGED,
    RESOLVED_BY_HAND,
    Alert,
    AlertState,
    AlertStep,
    Transition,
)
from services.alerting.ports.calls import CallSource
from services.alerting.ports.gauges import Gauges
from services.alerting.ports.holding_back import Restraint, Restraints
from services.alerting.ports.judging import Judging
from services.alerting.ports.notifications import Delivery, DeliveryLog, Thread
from services.alerting.ports.rules import Rule
from services.alerting.ports.states import Act, Kept, Memories, News, Saving, StateStore
from services.alerting.ports.transitions import History, TransitionLog
from services.core.clock import Clock
from services.core.errors import BinnacleError, Conflict, Unavailable

TICK_SECONDS = 1.0
MARK_SECONDS = 5.0
"""How often it is kept until when was judged."""
JUDGED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything outside that alerting talks to."""

    judging: Judging
    restraints: Restraints
    store: StateStore
    log: TransitionLog
    history: History
    deliveries: DeliveryLog
    telling: Means
    calls: CallSource
    actions: ActionCaller
    clock: Clock
    gauges: Gauges


class TenantAlerting:
    """Judges the rules of a tenant while this process leads.

    While the store is away it goes on in memory; then everything is written as a whole.
    """

    def __init__(
        self, tenant: str, view: AlertView, rules: Sequence[Rule], around: Surroundings, leadership: Leadership
    ) -> None:
        self._tenant = tenant
        self._view = view
        self._rules = rules
        self._around = around
        self._leadership = leadership
        self._news = asyncio.Event()
        self.book = AlertBook(tenant, self._news.set)
        self._outbox = Outbox(tenant, around.log, around.clock, around.gauges)
        self._restraint: Restraint = around.restraints.of(tenant)
        self._incidents = Incidents(tenant)
        alerts = Alerts(self._alert, self.book.now)
        self._telling = Telling(tenant, around.telling, alerts, self._keep_told, lambda: leadership.lease.number)
        life = Life(lambda: self.book.rules, view.all, self._note, self.book.repaired)
        self._acting = Acting(tenant, life, around.actions, around.clock)
        self._acts: set[str] = set()
        self._writing = asyncio.Lock()
        self._unwritten = asyncio.Event()
        self._marked = 0.0
        self.loaded = False
        """Whether the state of the former leader is shown."""

    async def set_rules(self, rules: Sequence[Rule]) -> None:
        """Judge by these from now on."""
        self._rules = rules
        for _part in self.book.setting_rules(rules, self._around.clock.now()):
            await asyncio.sleep(0)

    def act(self, act: Act) -> None:
        """Take up what a person said; again and again is once. It is kept until it was taken up."""
        if not self.loaded:
            return
        if act.name not in self._acts:
            for said in act.transitions:
                shown = self._view.all().get(said.alert.id)
                if shown is None or said.step not in shown.steps:
                    self.book.act(said)
        self._acts.add(act.name)
        self._news.set()

    def rewrite(self) -> None:
        """What was kept may be gone: write all of it."""
        self._unwritten.set()

    def fires(self, rule_id: str) -> bool:
        """Whether an alert of a rule fires, and rules were judged within the last minute."""
        is_judged = self._around.clock.now() - self.book.judged_at <= JUDGED_SECONDS
        return self.loaded and is_judged and any(self.book.firing([rule_id]).values())

    async def run(self) -> None:
        """Judge until cancelled, from the state of the former leader."""
        kept = await self._load()
        now = self._around.clock.now()
        self.book.set_rules(self._rules, now)
        alerts = [one.alert for one in kept.alerts]
        lost = await asyncio.to_thread(self._incidents.adopt, kept.incidents, alerts, now)
        for _part in self._view.replacing(replace(kept, incidents=[*kept.incidents, *lost])):
            await asyncio.sleep(0)
        going = [one.alert for one in kept.alerts if one.alert.state not in ENDED]
        for _part in self.book.adopting(going, kept.memories, now):
            await asyncio.sleep(0)
        self._acting.adopt(kept.alerts)
        self._outbox.put(kept.batches)
        self._telling.adopt(kept.threads, self._view.incidents.all().values(), doubtful=self._unwritten.is_set())
        self.loaded = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._place([alert for alert in going if not alert.incident_id]))
            tasks.create_task(self._outbox.run())
            tasks.create_task(self._publish())
            tasks.create_task(self._telling.run())
            tasks.create_task(self._pass_time())
            tasks.create_task(self._write_again())
            tasks.create_task(self._follow_calls())
            tasks.create_task(self._acting.run())
            tasks.create_task(self._around.judging.run(self._tenant, self.book, kept.judged_at))

    async def _load(self) -> Kept:
        backoff = Backoff(self._around.clock)
        while True:
            try:
                kept = await self._around.store.load(self._tenant)
                if kept is None or not kept.whole:
                    kept = await self._put_together(kept or Kept())
                    self._unwritten.set()
            except BinnacleError:
                self._around.gauges.store_failed()
                await backoff.wait()
            else:
                return kept

    async def _put_together(self, left: Kept) -> Kept:
        """What was recorded, where not all that was kept is left. Raises Unavailable."""
        now = self._around.clock.now()
        kept = await rebuilt(self._around.history, self._tenant, now, left)
        return replace(kept, threads=await threads_again(self._around.deliveries, self._tenant, now, left.threads))

    def _alert(self, alert_id: str) -> Alert | None:
        kept = self._view.all().get(alert_id)
        return None if kept is None else kept.alert

    async def _publish(self) -> None:
        """Keep what is decided, then tell it, and queue it to be recorded."""
        while True:
            await self._news.wait()
            self._news.clear()
            taken, acts = self.book.take(), [*self._acts]
            changes = await held_back(taken, self.book, self._restraint, self._around.clock)
            await self._leadership.sure()
            parts = [*parts_of(changes)] or [News()]
            for news in parts:
                memories = changes.memories if news is parts[0] else {}
                await self._tell(news, memories, acts if news is parts[-1] else [])
            # Until then they may be read from the store once more.
            self._acts.difference_update(acts)

    async def _tell(self, news: News, memories: Memories, acts_done: Sequence[str]) -> None:
        async with self._writing:
            taken = self._incidents.take_up(news, self._around.clock.now())
            self.book.join(taken.joined)
            await self._write(taken, memories, acts_done)
        self._acting.joined(taken.joined)
        for transition in taken.news.transitions:
            if transition.step.what == AlertState.KEEP_FIRING:
                self._acting.agreed(transition.alert.id)
        # Whoever else wants to do something does, also where nothing is written.
        await asyncio.sleep(0)

    async def _write(
        self,
        taken: Taken,
        memories: Memories | None = None,
        acts_done: Sequence[str] = (),
        *,
        surely: bool = False,
    ) -> None:
        """Keep what was decided, tell it, and queue it to be recorded. Nobody else may be writing.

        `surely`: raises Unavailable, and tells nothing, where it cannot be kept now.
        """
        news, keep = taken.news, self._keep_surely if surely else self._keep
        batches = batches_of([one for one in news.transitions if one.step.what not in _ACTS])
        await keep(
            Saving(
                news=news,
                alerts=self._view.after(news),
                memories=memories or {},
                batches={batch.name: batch for batch in batches},
                incidents=self._view.incidents.after(news),
                acts_done=acts_done,
            )
        )
        self._view.apply(news)
        self._outbox.put(batches)
        self._inform(news)
        for transition in news.transitions:
            if transition.step.what == transition.alert.state:
                self._around.gauges.transitioned(transition.alert.state)

    async def _note(self, alert_id: str, step: AlertStep) -> None:
        """Add a step to the life of an alert. Raises Unavailable where it cannot be kept now."""
        await self._leadership.sure()
        async with self._writing:
            kept = self._view.all().get(alert_id)
            if kept is not None:
                await self._write(Taken(News(transitions=(Transition(kept.alert, step),))), surely=True)

    def _inform(self, news: News) -> None:
        """Have people told of what became of incidents."""
        alerts: dict[str, list[Alert]] = {}
        for alert in (*(transition.alert for transition in news.transitions), *news.told):
            alerts.setdefault(alert.incident_id, []).append(alert)
        for incident in news.incidents:
            self._telling.changed(incident, alerts.get(incident.id, ()))
        self._telling.forget(news.over)

    async def _keep_told(self, threads: Mapping[str, Thread | None], deliveries: Sequence[Delivery]) -> None:
        """Keep what people are being told, and were; see Keep."""
        await self._leadership.sure()
        batches = [batch_of(deliveries)] if deliveries else []
        async with self._writing:
            await self._keep_surely(Saving(threads=threads, batches={batch.name: batch for batch in batches}))
        self._outbox.put(batches)

    async def _place(self, alerts: Sequence[Alert]) -> None:
        """Find the incidents of alerts that people were told of before there were any, or that were lost with them."""
        for some in some_of(alerts):
            await self._leadership.sure()
            await self._tell(News(told=tuple(some)), {}, ())

    async def _follow_calls(self) -> None:
        """Know who calls whom, and say anew where incidents may have begun."""
        following = follow_calls(self._tenant, self._around.calls, self._incidents, self._around.clock)
        async with aclosing(following) as changes:
            async for explained in changes:
                await self._leadership.sure()
                async with self._writing:
                    await self._write(Taken(News(incidents=tuple(explained))))

    async def _keep(self, saving: Saving) -> None:
        """Write, unless the store is away. Never returns where another leads."""
        if self._unwritten.is_set():
            return
        try:
            await self._keep_surely(saving)
        except Unavailable:
            self._around.gauges.store_failed()

    async def _keep_surely(self, saving: Saving) -> None:
        """Write. Never returns where another leads. Raises Unavailable where the store is away, or not whole yet."""
        if self._unwritten.is_set():
            raise Unavailable("what is kept is not whole yet")
        try:
            await self._save(saving)
        except Unavailable:
            self._unwritten.set()
            raise

    async def _write_again(self) -> None:
        """Write everything whenever some of it could not be written."""
        backoff = Backoff(self._around.clock)
        while True:
            await self._unwritten.wait()
            await backoff.wait()
            self._unwritten.clear()
            try:
                await self._write_everything()
            except Unavailable:
                self._around.gauges.store_failed()
                self._unwritten.set()
            else:
                backoff.succeeded()

    async def _write_everything(self) -> None:
        async with self._writing:
            await self._save(
                Saving(
                    anew=True,
                    memories=self.book.take_memories(),
                    batches={batch.name: batch for batch in self._outbox.waiting()},
                    threads=self._telling.threads(),
                    judged_at=self._judged_at(),
                )
            )
        for some in some_of(list(self._view.all())):
            async with self._writing:
                await self._save(Saving(alerts={name: self._view.all().get(name) for name in some}))
        for some in some_of(list(self._view.incidents.all())):
            async with self._writing:
                await self._save(Saving(incidents={name: self._view.incidents.all().get(name) for name in some}))
        await self._save(Saving(whole=True))

    async def _save(self, saving: Saving) -> None:
        """Write under the lease. Never returns where another leads: nothing that was decided here holds any more."""
        lease = self._leadership.lease
        try:
            await self._around.store.save(lease, self._tenant, saving)
        except Conflict:
            await self._leadership.confirm(lease)
            raise Unavailable("this process leads under another lease by now") from None

    async def _pass_time(self) -> None:
        while True:
            now = self._around.clock.now()
            self.book.pass_time(now)
            self.book.hold_back(self._restraint.review(self.book.active, (), now))
            await self._end_incidents()
            await self._tidy(now)
            await self._around.clock.sleep(TICK_SECONDS)

    async def _end_incidents(self) -> None:
        await self._leadership.sure()
        async with self._writing:
            taken = self._incidents.pass_time(self._around.clock.now())
            if taken.news:
                await self._write(taken)

    async def _tidy(self, now: float) -> None:
        """Forget what ended long ago and what was recorded, and keep until when was judged."""
        done, is_due = self._outbox.take_done(), now - self._marked >= MARK_SECONDS
        if not done and not is_due:
            return
        news = self._view.outdated(now) if is_due else News()
        self._marked = now if is_due else self._marked
        async with self._writing:
            await self._keep(
                Saving(
                    news=news,
                    alerts=self._view.after(news),
                    incidents=self._view.incidents.after(news),
                    batches=dict.fromkeys(done),
                    judged_at=self._judged_at(),
                )
            )
            self._view.apply(news)
            self._inform(news)

    def _judged_at(self) -> float | None:
        return self.book.judged_at if self.book.judged_at > 0 else None


_ACTS = frozenset({ACKNOWLEDGED, RESOLVED_BY_HAND})
