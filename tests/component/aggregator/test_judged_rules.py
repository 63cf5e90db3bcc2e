"""Rules judged by a real aggregator's answers and feeds, over its restart; and the same tried on what it has stored."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from services.aggregator.config import AggregatorConfig
from services.aggregator.wiring import wire
from services.alerting.adapters.aggregator_answers import aggregator_sources
from services.alerting.adapters.expressions import expression_matches
from services.alerting.adapters.prometheus_gauges import PrometheusGauges
from services.alerting.domain.book import AlertBook
from services.alerting.domain.judging.judging import Judgings
from services.alerting.domain.judging.trying import Trying
from services.alerting.ports.alerts import Severity, Transition
from services.alerting.ports.rules import EventMatch, Level, Rule, StaleHeartbeat, Threshold
from services.alerting.ports.trials import Health
from services.core.clock import SystemClock
from services.core.event_conditions import EventCondition, Operator
from services.core.questions import Expression, Function, Selection
from services.runtime.channels import open_channel
from tests.component.aggregator.aggregators import Aggregator
from tests.support.empty_store import lay_empty_store
from tests.support.journals import record
from tests.support.services import running_service, socket_address
from tests.support.waiting import eventually

pytestmark = pytest.mark.store

TENANT = "default"
HEAT = [(1, "heat", {"host": "a"})]
WARNING = (Level(Severity.WARNING, 5.0),)


def rule(rule_id: str, function: Function) -> Rule:
    condition = Threshold((Expression("a", Selection("heat", (), function, window=300.0)),))
    return Rule(rule_id, rule_id, condition, WARNING, interval=1.0, grace=1.0)


FAILED = EventMatch((EventCondition("data.ok", Operator.EQUAL, ("false",)),), ("service",))
RULES = (
    rule("last", "last"),
    rule("greatest", "maximum"),
    rule("average", "average"),
    Rule("failed", "failed", FAILED, (Level(Severity.CRITICAL),), keep_firing=300.0, interval=1.0),
    Rule("silent", "silent", StaleHeartbeat(("shop",)), (Level(Severity.WARNING, 40.0),), interval=1.0),
)


class Judged:
    """A book, what was decided in it, and an aggregator that may be started again."""

    def __init__(self, folder: Path) -> None:
        lay_empty_store(folder / "aggregator" / "chdb")
        self._config = AggregatorConfig(listen=socket_address("aggregator"), data_dir=folder, drain_seconds=1)
        self.book = AlertBook(TENANT)
        self.book.set_rules(RULES, time.time())
        self.seen: list[Transition] = []
        self.sources = aggregator_sources(open_channel(self._config.listen))
        gauges = PrometheusGauges(CollectorRegistry())
        self._judgings = Judgings(self.sources, expression_matches, SystemClock(), gauges)

    @asynccontextmanager
    async def aggregator(self) -> AsyncIterator[Aggregator]:
        async with running_service("aggregator", self._config, wire) as channel:
            aggregator = Aggregator(channel)
            await aggregator.until_ready()
            yield aggregator

    @asynccontextmanager
    async def judging(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._judgings.run(TENANT, self.book, None))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def whats(self, rule_id: str) -> list[str]:
        """What happened to alerts of a rule so far."""
        self.seen += self.book.take().transitions
        return [each.step.what for each in self.seen if each.alert.rule_id == rule_id]

    async def becomes(self, rule_id: str, *whats: str) -> None:
        """Wait until this, and nothing else, has happened to a rule's alerts."""

        async def happened() -> bool:
            return self.whats(rule_id) == list(whats)

        await eventually(happened, f"{rule_id} {whats}", within=30)

    async def judged(self, rule_id: str, after: float) -> None:
        """Wait until a rule was judged by something that is newer."""

        async def known() -> bool:
            return any(each.judged_at > after for each in self.book.standings(rule_id))

        await eventually(known, f"{rule_id} judged", within=30)

    async def failing(self, rule: Rule) -> None:
        """Wait until it is known that a rule cannot be judged."""

        async def known() -> bool:
            return self._judgings.status(TENANT, rule).health is Health.FAILING

        await eventually(known, f"{rule.id} fails", within=30)


async def test_rules_are_judged_as_samples_come_and_go_on_over_a_restart(tmp_path: Path) -> None:
    judged = Judged(tmp_path)
    async with judged.judging():
        async with judged.aggregator() as aggregator, aggregator.journal() as journal:
            await journal.hello()
            now = time.time()
            beat = [{"service": "shop", "time": now - 50.0}]
            await journal.commit(0, record(accepted=now, series=HEAT, samples=[(1, now, 1.0)], heartbeats=beat))
            await judged.judged("last", now - 1.0)
            await judged.judged("average", now - 1.0)
            await judged.becomes("silent", "firing")
            at = time.time()
            failed = {"type": "call", "service": "shop", "data": {"ok": False}}
            # What is not stored yet is judged by who follows the feeds.
            await journal.send(1, record(accepted=at, samples=[(1, at, 9.0)], events=[failed]))
            await judged.becomes("last", "firing")
            await judged.becomes("greatest", "firing")
            await journal.seal(1, 2)
            assert await journal.answer() == 2
            # Who came to follow events after it was sent finds it in the store.
            await judged.becomes("failed", "firing")
        # Nobody answers for a while: nothing is taken for resolved.
        await judged.failing(RULES[0])
        await judged.failing(RULES[2])
        assert judged.whats("last") == judged.whats("greatest") == ["firing"]
        async with judged.aggregator() as aggregator, aggregator.journal() as journal:
            assert await journal.hello() == 2
            back = time.time()
            await journal.commit(2, record(accepted=back, samples=[(1, back, 1.0)]))
            await judged.becomes("last", "firing", "resolved")
            assert judged.whats("greatest") == ["firing"]
            await judged.becomes("failed", "firing", "keep_firing")
            await _tried_again(judged, "last", now - 1.0, back + 1.0)


async def _tried_again(judged: Judged, rule_id: str, start: float, end: float) -> None:
    """A trial over what is stored comes to what happened."""
    rules = {one.id: one for one in RULES}
    trial = await Trying(judged.sources, lambda _tenant: rules, expression_matches).run(
        TENANT, rules[rule_id], start, end
    )
    happened = [each.step for each in judged.seen if each.alert.rule_id == rule_id]
    assert [step for one in trial.alerts for step in one.steps] == happened
