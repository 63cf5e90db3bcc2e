"""Tells the receivers of one tenant what they are to be told, while this process leads.

Each notification is claimed under the lease in the store just before it is sent, and what came of it is kept after. Who
is replaced in between has its claim refused, or is too late to send by it: the next leader waits for so long before it
sends what was claimed again, labelled.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NoReturn

from services.alerting.domain.label_matching import Expressions
from services.alerting.domain.telling.budget import Budget
from services.alerting.domain.telling.parcels import (
    Parcel,
    answered,
    claimed,
    delivery,
    notification,
    parcels,
    put_back,
)
from services.alerting.domain.telling.threads import Alerts, Threads
from services.alerting.ports.alerts import Alert
from services.alerting.ports.gauges import Gauges
from services.alerting.ports.incidents import Incident
from services.alerting.ports.notifications import Delivery, Sender, Stale, Thread
from services.alerting.ports.notifiers import Notifiers
from services.core.clock import Clock
from services.core.errors import Unavailable

CLAIM_SECONDS = 5.0
"""For how long a claim holds: what was claimed longer ago is not sent any more."""
ATTEMPT_SECONDS = 15.0
AT_ONCE = 4
"""Notifications that one receiver is sent at a time."""
TICK_SECONDS = 1.0

Keep = Callable[[Mapping[str, Thread | None], Sequence[Delivery]], Awaitable[None]]
"""Keeps threads, and attempts to be recorded, under the lease. Raises Unavailable; returns never once another leads."""


@dataclass(frozen=True, slots=True)
class Means:
    """What telling needs. `notifiers` gives what a tenant has set up, and raises Unavailable until that is known."""

    notifiers: Callable[[str], Notifiers]
    sender: Sender
    expressions: Expressions
    public_url: str
    chance: Callable[[], float]
    clock: Clock
    gauges: Gauges


class Telling:
    """See the module; `lease` gives the number of the lease that is held."""

    def __init__(self, tenant: str, means: Means, alerts: Alerts, keep: Keep, lease: Callable[[], int]) -> None:
        self._tenant = tenant
        self._means = means
        self._keep = keep
        self._lease = lease
        self._threads = Threads(tenant, alerts, means.expressions)
        self._budget = Budget(means.clock)
        self._under_way: Counter[str] = Counter()
        self._attempts: list[Delivery] = []
        self._news = asyncio.Event()

    def threads(self) -> Mapping[str, Thread]:
        """All that is to be kept, by name."""
        return self._threads.all()

    def adopt(self, threads: Iterable[Thread], incidents: Iterable[Incident], *, doubtful: bool) -> None:
        """Go on from what a former leader left; `doubtful`: some of what it told may not be known."""
        due = self._means.clock.now() + CLAIM_SECONDS
        self._threads.adopt(threads, incidents, due, doubtful=doubtful)

    def changed(self, incident: Incident, alerts: Iterable[Alert] = ()) -> None:
        """An incident is so from now on, `alerts` of it having brought that about."""
        self._threads.changed(incident, alerts)
        self._news.set()

    def forget(self, incident_ids: Iterable[str]) -> None:
        """Incidents that are not spoken of any more."""
        self._threads.forget(incident_ids)

    async def run(self) -> NoReturn:
        """Tell until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._news.clear()
                try:
                    self._threads.set_notifiers(self._means.notifiers(self._tenant))
                    more = self._threads.plan(self._means.clock.now())
                    for parcel, at in await self._claim():
                        tasks.create_task(self._send(parcel, at))
                    if more:
                        await asyncio.sleep(0)
                        continue
                except Unavailable:
                    self._means.gauges.store_failed()
                    await self._means.clock.sleep(TICK_SECONDS)
                await self._wait()
        raise AssertionError

    async def _wait(self) -> None:
        """Wait for news, or until something is due."""
        now = self._means.clock.now()
        due = min((one.sending.due for one in self._threads.waiting.values() if one.sending), default=inf)
        pause = TICK_SECONDS if due <= now else min(TICK_SECONDS, due - now)
        try:
            async with asyncio.timeout(pause):
                await self._news.wait()
        except TimeoutError:
            return

    async def _claim(self) -> Sequence[tuple[Parcel, float]]:
        """What is to be sent now, claimed, each with when that was. What else became other is kept in the same step."""
        lease, at = self._lease(), self._means.clock.monotonic()
        found = [claimed(parcel, lease) for parcel in self._due()]
        claims = {one.name: one for parcel in found for one in parcel.threads}
        unsaved, attempts = dict(self._threads.unsaved), list(self._attempts)
        if claims or unsaved or attempts:
            await self._keep({**unsaved, **claims}, attempts)
        for name, thread in unsaved.items():
            if self._threads.unsaved.get(name, ...) is thread:
                del self._threads.unsaved[name]
        del self._attempts[: len(attempts)]
        for parcel in found:
            self._budget.spend(parcel.receiver)
            self._under_way[parcel.receiver.id] += 1
        self._take_up(claims)
        return [(parcel, at) for parcel in found]

    def _due(self) -> Iterable[Parcel]:
        now, ready = self._means.clock.now(), dict[str, list[Thread]]()
        for thread in self._threads.waiting.values():
            if thread.sending is not None and thread.sending.due <= now:
                ready.setdefault(thread.receiver_id, []).append(thread)
        notifiers = self._means.notifiers(self._tenant)
        for receiver_id, threads in ready.items():
            receiver = notifiers.receiver(receiver_id)
            if receiver is None:
                self._take_up({one.name: None for one in threads}, unsaved=True)
            else:
                room = AT_ONCE - self._under_way[receiver_id]
                yield from parcels(self._tenant, receiver, threads, self._budget.left(receiver), room)

    async def _send(self, parcel: Parcel, claimed_at: float) -> None:
        """Send what was claimed at a time of the monotonic clock."""
        clock, began = self._means.clock, self._means.clock.now()
        sent = notification(self._tenant, parcel, self._means.public_url, began)

        def go() -> None:
            if clock.monotonic() - claimed_at > CLAIM_SECONDS:
                raise Stale

        try:
            smtp = self._means.notifiers(self._tenant).smtp
            answer = await self._means.sender.send(parcel.receiver, smtp, sent, go)
        except Stale:
            self._take_up(put_back(parcel), unsaved=True)
        else:
            now = clock.now()
            after = answered(parcel, answer, now, self._means.chance)
            made = delivery(parcel, sent, answer, after, began, now)
            self._attempts.append(made)
            self._means.gauges.notified(made.kind, made.outcome)
            self._take_up(after, unsaved=True)
            self._threads.look_again(one.incident_id for one in parcel.threads)
        finally:
            self._under_way[parcel.receiver.id] -= 1
        self._news.set()

    def _take_up(self, threads: Mapping[str, Thread | None], *, unsaved: bool = False) -> None:
        for name, thread in threads.items():
            self._threads.put(name, thread)
            if not unsaved:
                del self._threads.unsaved[name]
