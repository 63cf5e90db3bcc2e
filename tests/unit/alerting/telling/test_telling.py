"""What is claimed is sent while the claim holds, and never after."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from services.alerting.adapters.expressions import expression_matches
from services.alerting.adapters.prometheus_gauges import PrometheusGauges
from services.alerting.domain.telling.telling import Means, Telling
from services.alerting.domain.telling.threads import Alerts
from services.alerting.ports.alerts import Severity
from services.alerting.ports.incidents import Incident, IncidentState, Member
from services.alerting.ports.notifications import Answer, Delivery, Notification, Thread, Verdict
from services.alerting.ports.notifiers import Notifiers, Receiver, Route, SmtpServer, Webhook
from services.core.errors import Unavailable
from tests.support.clock import ManualClock
from tests.support.waiting import eventually

CHAT = Receiver("chat", Webhook("https://chat"))


class Outside:
    """A store that keeps, and a receiver that takes; each as slow as told."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.kept: dict[str, Thread | None] = {}
        self.deliveries: list[Delivery] = []
        self.away = False
        self.connects_within = 0.0
        self.sent: list[Notification] = []
        self.claims = 0

    async def keep(self, threads: Mapping[str, Thread | None], deliveries: Sequence[Delivery]) -> None:
        if self.away:
            raise Unavailable("Redis is away")
        self.kept.update(threads)
        self.deliveries += deliveries
        claimed = [one for one in threads.values() if one and one.sending and one.sending.claimed_by]
        self.claims += len(claimed)

    async def send(
        self, receiver: Receiver, smtp: SmtpServer | None, notification: Notification, go: Callable[[], None]
    ) -> Answer:
        seconds, self.connects_within = self.connects_within, 0.0
        if seconds:
            await self.clock.sleep(seconds)
        go()
        self.sent.append(notification)
        return Answer(Verdict.DELIVERED)

    async def has_recorded(self) -> bool:
        await self.clock.advance(1.0)
        return bool(self.deliveries)

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[Telling]:
        notifiers = Notifiers(receivers=(CHAT,), routes=(Route(tell=("chat",)),))
        gauges = PrometheusGauges(CollectorRegistry())
        means = Means(lambda _tenant: notifiers, self, expression_matches, "", lambda: 0.5, self.clock, gauges)
        telling = Telling("default", means, Alerts(lambda _alert: None, lambda alert: alert), self.keep, lambda: 7)
        task = asyncio.create_task(telling.run())
        try:
            yield telling
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def incident(name: str = "i1") -> Incident:
    return Incident(
        id=name,
        title="Busy",
        severity=Severity.WARNING,
        worst=Severity.WARNING,
        state=IncidentState.OPEN,
        started_at=ManualClock().now(),
        changed_at=ManualClock().now(),
        size=1,
        active=1,
        group=(("service", "shop"),),
        members=(Member("a1", "busy", "Busy", Severity.WARNING, "shop", ManualClock().now()),),
    )


async def test_a_claim_that_is_too_old_is_made_again_before_anything_is_sent() -> None:
    outside = Outside()
    outside.connects_within = 6.0
    async with outside.telling() as telling:
        telling.changed(incident())
        await outside.clock.advance(0)
        assert (outside.claims, outside.sent) == (1, [])
        await outside.clock.advance(6.0)
        await eventually(outside.has_recorded, "it is recorded")
    [sent] = outside.sent
    assert (outside.claims, sent.may_be_repeat, outside.deliveries[0].attempt) == (2, False, 1)


async def test_nothing_is_sent_that_was_not_claimed() -> None:
    outside = Outside()
    outside.away = True
    async with outside.telling() as telling:
        telling.changed(incident())
        await outside.clock.advance(5.0)
        assert outside.sent == []
        outside.away = False
        await eventually(outside.has_recorded, "it is recorded")
    assert [one.may_be_repeat for one in outside.sent] == [False]
