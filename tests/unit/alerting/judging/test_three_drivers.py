"""On input in order, intake, schedule and replay make the same transitions; what is late counts once it is known."""

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings, strategies as st

from services.alerting.domain.book import AlertBook
from services.alerting.domain.judging.replay import Replay
from services.alerting.ports.alerts import Severity
from services.alerting.ports.rules import (
    Absence,
    Comparison,
    Composite,
    EventMatch,
    EventRate,
    Level,
    Not,
    OfRule,
    Ratio,
    Rule,
    Threshold,
)
from services.alerting.ports.sources import Event
from services.core.event_conditions import EventCondition, Operator
from services.core.matching import Matcher, Operator as Equality
from services.core.questions import Expression, Function, Grouping, Selection
from tests.support.clock import ManualClock
from tests.support.examples import examples
from tests.support.judging_stage import START, TENANT, Stage, Transitions, heat, taken, whats
from tests.support.told_sources import Sample, ToldSources, expressions

SECONDS = 60
LEVELS = (Level(Severity.CRITICAL, 8.0, 6.0), Level(Severity.WARNING, 5.0, 4.0))


def rule(rule_id: str, function: Function, hold: float = 0.0, keep: float = 0.0, host: str = "") -> Rule:
    matchers = (Matcher("host", Equality.EQUAL, host),) if host else ()
    selection = Selection("heat", matchers, function, window=15.0)
    condition = Threshold((Expression("a", selection),))
    return Rule(rule_id, rule_id, condition, LEVELS, hold=hold, keep_firing=keep, interval=5.0)


def of_events(rule_id: str, condition: EventMatch | EventRate, *levels: Level) -> Rule:
    return Rule(rule_id, rule_id, condition, levels, keep_firing=10.0, interval=5.0)


FAILED = (EventCondition("data.ok", Operator.EQUAL, ("false",)),)
WARNING = Level(Severity.WARNING)
PART = Selection("heat", (Matcher("host", Equality.EQUAL, "b"),), "sum", window=10.0, grouping=Grouping("sum"))
RULES = (
    rule("last", "last"),
    rule("last-held", "last", hold=7.0, keep=6.0),
    rule("last-of-a", "last", hold=5.0, host="a"),
    rule("last-of-b", "last", host="b"),
    rule("greatest", "maximum", hold=3.0),
    rule("least", "minimum"),
    rule("average", "average", hold=5.0),
    rule("average-of-a", "average", host="a"),
    rule("average-of-b", "average", keep=10.0, host="b"),
    Rule(
        "ratio",
        "ratio",
        Ratio(PART, Selection("heat", (), "sum", window=10.0, grouping=Grouping("sum")), 1.0, Comparison.AT_LEAST),
        (Level(Severity.WARNING, 60.0),),
        interval=5.0,
    ),
    Rule("absent", "absent", Absence("heat", (), ("host",), 10.0), (WARNING,), interval=5.0),
    of_events("failed", EventMatch(FAILED, ("service",)), WARNING),
    of_events("many-failed", EventRate(FAILED, (), 10.0), Level(Severity.WARNING, 2.0)),
    Rule("quiet", "quiet", Composite(Not(OfRule("average"))), (WARNING,), interval=5.0),
)

samples = st.lists(
    st.builds(
        lambda host, at, value, delay: Sample(
            (("__name__", "heat"), ("host", host)), START + at / 4, float(value), START + at / 4 + delay / 10
        ),
        st.sampled_from("ab"),
        st.integers(1, SECONDS * 4),
        st.integers(0, 10),
        st.integers(0, 15),
    ),
    max_size=60,
    unique_by=lambda one: (one.labels, one.at),
)
events = st.lists(
    st.builds(
        lambda at, service, ok: Event(START + at / 4, "call", service, data={"ok": ok}),
        st.integers(1, SECONDS * 4),
        st.sampled_from(("shop", "mail")),
        st.booleans(),
    ),
    max_size=20,
    unique_by=lambda one: (one.at, one.service),
)


def in_order(given: Sequence[Sample]) -> list[Sample]:
    """Of each series nothing is told before what is older."""
    reached: dict[object, float] = {}
    found = []
    for one in sorted(given, key=lambda each: each.at):
        reached[one.labels] = max(one.told_at, reached.get(one.labels, 0.0))
        found.append(Sample(one.labels, one.at, one.value, reached[one.labels]))
    return found


async def live(given: Sequence[Sample], happened: Sequence[Event], rules: Sequence[Rule] = RULES) -> Transitions:
    """What intake and schedule make of input, as it comes."""
    stage = Stage(rules, given, happened)
    async with stage.judged():
        await stage.until(SECONDS + 20)
    return taken(stage.book)


async def replayed(given: Sequence[Sample], happened: Sequence[Event], rules: Sequence[Rule] = RULES) -> Transitions:
    """What a replay makes of it."""
    clock = ManualClock(START + SECONDS + 20)
    book = AlertBook(TENANT)
    book.set_rules(rules, START - 1.0)
    sources = ToldSources(clock, list(given), [(one.at, one) for one in happened])
    replay = Replay(TENANT, book, sources.sources(), expressions, START - 1.0)
    await replay.run(START + 31.3)
    await replay.run(START + SECONDS + 17.9)
    return taken(book)


def until(transitions: Transitions, end: float) -> Transitions:
    return [each for each in transitions if each[2] <= end]


@settings(max_examples=examples(200))
@given(samples, events)
def test_drivers_agree_on_input_in_order(given: list[Sample], happened: list[Event]) -> None:
    ordered = in_order(given)
    # Each is late by less than the grace.
    ordered = [one for one in ordered if one.told_at - one.at < 1.6]
    first = asyncio.run(live(ordered, happened))
    second = asyncio.run(replayed(ordered, happened))
    end = SECONDS + 15.0
    assert until(first, end) == until(second, end)


def test_what_comes_within_the_grace_counts_at_its_tick() -> None:
    rules = (rule("average", "average"),)
    within = asyncio.run(live([heat(4.0, 9.0, by=1.9)], (), rules))
    assert whats(within, "average")[0] == ("firing critical", 5.0)


def test_what_comes_after_the_grace_counts_from_the_next_tick_on() -> None:
    rules = (rule("average", "average"), rule("last", "last"))
    known = [heat(second, 1.0) for second in (1.0, 3.0)]
    after = asyncio.run(live([*known, heat(4.0, 9.0, by=6.0)], (), rules))
    assert whats(after, "average") == []
    assert whats(after, "last")[0] == ("firing critical", 10.0)
