"""Rules tried on the past, and why they fire."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from services.alerting.domain.judging.explaining import Explanations
from services.alerting.domain.judging.trying import Trying
from services.alerting.ports.alerts import AlertState, Severity
from services.alerting.ports.rules import AllOf, Composite, Level, Not, OfRule, Ratio, Rule, StaleHeartbeat, Threshold
from services.core.conventions import HEARTBEATS
from services.core.errors import InvalidInput
from services.core.questions import Expression, Function, Selection
from tests.support.judging_stage import START, STEP, TENANT, Stage, heat
from tests.support.told_sources import Sample, expressions


def rule(rule_id: str, function: Function, metric: str = "heat") -> Rule:
    condition = Threshold((Expression("a", Selection(metric, (), function, window=10.0)),))
    return Rule(rule_id, rule_id, condition, (Level(Severity.WARNING, 5.0),), hold=3.0, interval=5.0)


LAST, AVERAGE = rule("last", "last"), rule("average", "average")
BOTH = Rule(
    "both", "both", Composite(AllOf((OfRule("last"), Not(OfRule("average"))))), (Level(Severity.INFO),), interval=5.0
)
RULES = {one.id: one for one in (LAST, AVERAGE, BOTH)}
FUNCTIONS: tuple[Function, ...] = ("sum", "count")
VALUES = [1.0] * 20 + [9.0] * 20 + [1.0] * 20


async def tried(rule: Rule, values: Sequence[float] = VALUES) -> Trying:
    stage = Stage((), [heat(float(second), value) for second, value in enumerate(values)])
    await stage.clock.advance(120.0)
    return Trying(stage.sources.sources(), lambda _tenant: RULES, expressions)


async def test_a_trial_tells_what_would_have_been() -> None:
    trial = await (await tried(LAST)).run(TENANT, LAST, START, START + 100.0)
    assert (trial.total, trial.fired, trial.groups, trial.judgements) == (1, 1, 1, 20)
    [one] = trial.alerts
    assert [(step.at - START, step.what) for step in one.steps] == [
        (20.0, "pending"),
        (23.0, "firing"),
        (40.0, "resolved"),
    ]
    assert one.alert.state is AlertState.RESOLVED
    assert not trial.notices


async def test_a_trial_of_a_composite_judges_the_rules_that_it_names() -> None:
    trial = await (await tried(BOTH)).run(TENANT, BOTH, START, START + 60.0)
    [one] = trial.alerts
    assert {step.at % 5.0 for step in one.steps} == {0.0}
    assert one.steps[0].what == "firing"


async def test_a_trial_says_what_is_unknown_and_refuses_too_long_a_range() -> None:
    unknown = rule("unknown", "average", "cold")
    trial = await (await tried(unknown)).run(TENANT, unknown, START, START + 60.0)
    assert trial.total == 0
    assert "cold" in trial.notices[0]
    with pytest.raises(InvalidInput, match="judged"):
        await (await tried(LAST)).run(TENANT, LAST, START, START + 50_001 * 5.0)


@asynccontextmanager
async def explaining(rule: Rule, values: Sequence[float] = VALUES, until: float = 32.0) -> AsyncIterator[Explanations]:
    """Explanations of a rule that is judged for the length of the block."""
    stage = Stage((rule,), [heat(float(second + 1), value) for second, value in enumerate(values)])
    async with stage.judged():
        await stage.until(until)
        sources, rules = stage.sources.sources(), {rule.id: rule}
        yield Explanations(stage.judgings, stage.judgings, sources, lambda _tenant: rules, expressions, stage.clock)


async def test_it_is_told_what_was_compared_with_what() -> None:
    async with explaining(LAST) as explanations:
        [told] = await explanations.explain(TENANT, LAST)
    assert (told.state, told.value, told.threshold) == (AlertState.FIRING, 9.0, 5.0)
    assert told.text.startswith("9 is above 5 (warning). It fires since")
    assert told.labels == (("host", "a"),)
    assert told.parts == [("a", 9.0)]
    assert {value for _at, value in told.course if value == value} == {1.0, 9.0}
    # Another process, which does not judge, comes to the same.
    [again] = await explanations.explain(TENANT, LAST, (("host", "a"),))
    assert (again.state, again.value) == (told.state, told.value)


async def test_the_past_and_what_the_newest_is_made_of_are_asked_for_once() -> None:
    stage = Stage((AVERAGE,), [heat(float(second + 1), 9.0) for second in range(40)])
    async with stage.judged():
        await stage.until(32.0)
        sources, judgings = stage.sources.sources(), stage.judgings
        explanations = Explanations(
            judgings, judgings, sources, lambda _tenant: {AVERAGE.id: AVERAGE}, expressions, stage.clock
        )
        asked = stage.sources.asked
        [told] = await explanations.explain(TENANT, AVERAGE)
        assert stage.sources.asked == asked + 1
        assert await explanations.explain(TENANT, AVERAGE) == [told]
        assert stage.sources.asked == asked + 1
    assert told.parts == [("a", 9.0)]


async def test_what_was_told_is_told_again_for_a_second_while_the_rule_and_its_groups_are_the_same() -> None:
    stage = Stage((LAST,), [heat(float(second + 1), value) for second, value in enumerate(VALUES)])
    async with stage.judged():
        await stage.until(32.0)
        sources, judgings = stage.sources.sources(), stage.judgings
        explanations = Explanations(judgings, judgings, sources, lambda _tenant: RULES, expressions, stage.clock)
        told = await explanations.explain(TENANT, LAST)
        [other] = await explanations.explain(TENANT, replace(LAST, levels=(Level(Severity.INFO, 8.0),)))
        assert (told[0].threshold, other.threshold) == (5.0, 8.0)
        told = await explanations.explain(TENANT, LAST)
        await stage.until(32.0 + STEP)
        assert await explanations.explain(TENANT, LAST) is told
        await stage.until(33.0)
        assert await explanations.explain(TENANT, LAST) is not told
        states: list[AlertState] = []
        while len(states) < 2 or states[-1] is AlertState.FIRING:
            [told_now] = await explanations.explain(TENANT, LAST)
            [standing] = judgings.standings(TENANT, LAST, (), 1) or ()
            assert told_now.state is standing.state
            states.append(told_now.state)
            await stage.until(stage.clock.now() - START + STEP)
        assert states[-1] is AlertState.INACTIVE


async def test_it_is_told_what_is_missing() -> None:
    async with explaining(AVERAGE, values=[1.0] * 5, until=40.0) as explanations:
        [silent] = await explanations.explain(TENANT, AVERAGE)
        [unknown] = await explanations.explain(TENANT, AVERAGE, (("host", "other"),))
    assert "There has been no data since" in silent.text
    assert "no data for such a group" in unknown.text
    async with explaining(AVERAGE, values=(), until=1.0) as explanations:
        [early] = await explanations.explain(TENANT, AVERAGE)
    assert early.text == "It was not judged yet."


async def test_what_a_value_is_made_of_is_told_as_of_when_it_was_judged() -> None:
    part, whole = (Selection("heat", (), function, window=10.0) for function in FUNCTIONS)
    share = Rule("share", "share", Ratio(part, whole), (Level(Severity.INFO, 5.0),), interval=5.0, grace=2.0)
    # A tick is over by its grace, and was not judged yet.
    async with explaining(share, until=31.9) as explanations:
        [told] = await explanations.explain(TENANT, share)
    made_of = dict(told.parts)
    assert told.value == pytest.approx(100 * made_of["part"] / made_of["whole"])


@pytest.mark.parametrize(("interval", "questions"), [(5.0, 2), (10.0, 1), (30.0, 1)])
async def test_the_parts_of_a_share_are_told_with_its_past_where_it_is_judged_as_seldom(
    interval: float, questions: int
) -> None:
    part, whole = (Selection("heat", (), function, window=10.0) for function in FUNCTIONS)
    share = Rule("share", "share", Ratio(part, whole), (Level(Severity.INFO, 5.0),), interval=interval)
    stage = Stage((share,), [heat(float(second + 1), value) for second, value in enumerate(VALUES)])
    async with stage.judged():
        await stage.until(38.0)
        sources, judgings = stage.sources.sources(), stage.judgings
        explanations = Explanations(judgings, judgings, sources, lambda _tenant: {}, expressions, stage.clock)
        asked = stage.sources.asked
        [told] = await explanations.explain(TENANT, share)
        assert stage.sources.asked == asked + questions
    made_of = dict(told.parts)
    assert list(made_of) == ["part", "whole"]
    assert told.value == pytest.approx(100 * made_of["part"] / made_of["whole"])
    assert told.course[-1] == (told.judged_at, told.value)


async def test_what_is_judged_each_hour_has_a_course_of_one_value() -> None:
    condition = StaleHeartbeat()
    silent = Rule("silent", "silent", condition, (Level(Severity.INFO, 5.0),), interval=3600.0, grace=0.0)
    stage = Stage((silent,), [Sample((("__name__", HEARTBEATS), ("service", "a")), START, 1.0, START)])
    async with stage.judged():
        await stage.until(1.0)
        sources, judgings = stage.sources.sources(), stage.judgings
        await stage.clock.advance(3600.0)
        explanations = Explanations(judgings, judgings, sources, lambda _tenant: {}, expressions, stage.clock)
        [told] = await explanations.explain(TENANT, silent)
    assert told.course == [(START + 3600.0, 3600.0)]


async def test_what_has_begun_between_the_ticks_of_the_course_has_its_newest_value() -> None:
    begun = Rule("begun", "begun", AVERAGE.condition, AVERAGE.levels, interval=1.0, grace=0.0)
    async with explaining(begun, values=[9.0] * 5, until=4.5) as explanations:
        [told] = await explanations.explain(TENANT, begun)
    assert told.course == [(START + 4.0, 9.0)]
