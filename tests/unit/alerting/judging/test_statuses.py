"""How rules fare, told by who judges them and by who does not."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest
from prometheus_client import CollectorRegistry

from services.alerting.adapters.prometheus_gauges import PrometheusGauges
from services.alerting.domain.judging.judging import ELSEWHERE
from services.alerting.domain.judging.statuses import RuleStatuses
from services.alerting.ports.inquiries import Inquiry
from services.alerting.ports.trials import Health, RuleStatus
from services.core.errors import Unavailable
from tests.support.alerts import rule
from tests.support.judging_stage import TENANT, Stage, heat

RULE, OTHER = rule(interval=1.0), rule("other")
RULES = {one.id: one for one in (RULE, OTHER)}
TOLD = RuleStatus(RULE.id, Health.GOOD, "", 1.0, 2.0, 3, 1, 1)


class Said:
    """What is asked and answered; nobody answers unless `told` stands."""

    def __init__(self) -> None:
        self.told: Sequence[RuleStatus] | None = None
        self.asked = [Inquiry("one", TENANT, (RULE.id, "gone")), Inquiry("two", "unknown", (RULE.id,))]
        self.answers: dict[str, Sequence[str]] = {}

    async def ask(self, tenant: str, rule_ids: Sequence[str]) -> Sequence[RuleStatus]:
        if self.told is None:
            raise Unavailable("nobody who leads answers")
        return self.told

    async def next(self) -> Inquiry | None:
        if not self.asked:
            await asyncio.Event().wait()
        return self.asked.pop(0)

    async def answer(self, inquiry: Inquiry, statuses: Sequence[RuleStatus]) -> None:
        self.answers[inquiry.name] = [status.rule_id for status in statuses]


def statuses_of(stage: Stage, said: Said) -> RuleStatuses:
    gauges = PrometheusGauges(CollectorRegistry())
    return RuleStatuses(stage.judgings, lambda _tenant: RULES, said, stage.clock, gauges)


async def test_who_does_not_judge_tells_what_the_leader_says() -> None:
    said = Said()
    said.told = [TOLD]
    told, unknown = await statuses_of(Stage([RULE]), said).statuses(TENANT, [RULE, OTHER])
    assert told == TOLD
    assert (unknown.health, unknown.problem) == (None, ELSEWHERE)


async def test_where_nobody_answers_it_is_said_who_knows() -> None:
    [told] = await statuses_of(Stage([RULE]), Said()).statuses(TENANT, [RULE])
    assert (told.health, told.problem) == (None, ELSEWHERE)


async def test_who_judges_answers_what_it_knows_and_nothing_of_others() -> None:
    said, stage = Said(), Stage([RULE], [heat(1.0, 5.0)])
    statuses = statuses_of(stage, said)
    async with stage.judged():
        await stage.until(3.0)
        [own] = await statuses.statuses(TENANT, [RULE])
        assert own.problem != ELSEWHERE
        answering = asyncio.create_task(statuses.answer())
        await stage.until(4.0)
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
    assert said.answers == {"one": [RULE.id], "two": []}


@pytest.mark.parametrize("away", [1, 3])
async def test_answering_goes_on_after_redis_was_away(away: int) -> None:
    said, stage = Said(), Stage([RULE])
    failures, following = [Unavailable("away")] * away, said.next

    async def next_one() -> Inquiry | None:
        if failures:
            raise failures.pop()
        return await following()

    said.next = next_one  # type: ignore[method-assign]
    answering = asyncio.create_task(statuses_of(stage, said).answer())
    await stage.until(10.0)
    answering.cancel()
    with suppress(asyncio.CancelledError):
        await answering
    assert said.answers == {"one": [], "two": []}
