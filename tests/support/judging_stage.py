"""Rules judged by the drivers of a process, with a clock that stands still until it is told to move."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from services.alerting.adapters.prometheus_gauges import PrometheusGauges
from services.alerting.domain.book import AlertBook
from services.alerting.domain.judging.judging import Judgings
from services.alerting.ports.rules import Rule
from services.alerting.ports.sources import Event
from services.alerting.ports.trials import RuleStatus
from tests.support.clock import ManualClock
from tests.support.told_sources import Sample, ToldSources, expressions

START = 1_800_000_000.0
TENANT = "default"
STEP = 0.25
Transitions = list[tuple[str, str, float, str, float | None]]
"""Rule, alert, seconds since START, state and severity, value."""


def taken(book: AlertBook) -> Transitions:
    """What a book decided since the last time, rule by rule."""
    found = [
        (
            each.alert.rule_id,
            each.alert.id,
            each.step.at - START,
            f"{each.step.what} {each.step.severity}",
            each.step.value,
        )
        for each in book.take().transitions
    ]
    return sorted(found, key=lambda each: (each[0], each[1], each[2]))


def whats(transitions: Transitions, rule_id: str) -> list[tuple[str, float]]:
    """What happened to alerts of a rule, and when."""
    return [(what, at) for one, _id, at, what, _value in transitions if one == rule_id]


def heat(at: float, value: float, host: str = "a", by: float = 0.0) -> Sample:
    """A sample at seconds after START, told so much later."""
    return Sample((("__name__", "heat"), ("host", host)), START + at, value, START + at + by)


class Stage:
    """One tenant."""

    def __init__(self, rules: Sequence[Rule], samples: Sequence[Sample] = (), events: Sequence[Event] = ()) -> None:
        self.clock = ManualClock(START)
        self.book = AlertBook(TENANT)
        self.book.set_rules(rules, START)
        self.sources = ToldSources(self.clock, list(samples), [(one.at + 0.1, one) for one in events])
        gauges = PrometheusGauges(CollectorRegistry())
        self.judgings = Judgings(self.sources.sources(), expressions, self.clock, gauges)

    @asynccontextmanager
    async def judged(self) -> AsyncIterator[None]:
        """Judge for the length of the block."""
        task = asyncio.create_task(self.judgings.run(TENANT, self.book, START))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, seconds: float) -> None:
        """Let time pass up to seconds after START."""
        while self.clock.now() < START + seconds:
            await self.clock.advance(STEP)
            self.sources.wake()
            await self.clock.advance(0.0)

    def status(self, rule_id: str) -> RuleStatus:
        """How a rule fares."""
        return self.judgings.status(TENANT, self.book.rules[rule_id])
