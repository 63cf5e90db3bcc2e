"""Where nobody answers, or nothing comes, nothing is made up; what was missed is judged in order."""

from collections.abc import Sequence

from services.alerting.ports.alerts import Severity
from services.alerting.ports.rules import (
    Choice,
    Composite,
    EventMatch,
    Lack,
    Level,
    OfRule,
    Ratio,
    Rule,
    Threshold,
)
from services.alerting.ports.sources import Event
from services.alerting.ports.trials import Health
from services.core.errors import InvalidInput, Unavailable
from services.core.event_conditions import EventCondition, Operator
from services.core.questions import Expression, Function, Selection
from tests.support.judging_stage import START, Stage, heat, taken, whats

LEVELS = (Level(Severity.WARNING, 5.0),)
AWAY = Unavailable("the store does not answer")
EVERY_SECOND = [float(second) for second in range(1, 120)]


def rule(rule_id: str, function: Function, metric: str = "heat", **more: object) -> Rule:
    condition = Threshold((Expression("a", Selection(metric, (), function, window=15.0)),))
    return Rule(rule_id, rule_id, condition, LEVELS, interval=5.0, **more)  # type: ignore[arg-type]


RULES = (rule("last", "last"), rule("average", "average"))


async def broken_between(since: float, until: float, values: Sequence[float]) -> Stage:
    """Samples every second, while nobody answers for a time."""
    stage = Stage(RULES, [heat(at, value) for at, value in zip(EVERY_SECOND, values, strict=False)])
    async with stage.judged():
        await stage.until(since)
        stage.sources.failure = AWAY
        await stage.until(until)
        stage.sources.failure = None
        await stage.until(119.0)
    return stage


async def test_a_firing_alert_goes_on_while_nobody_answers() -> None:
    stage = await broken_between(30.0, 70.0, [9.0] * 119)
    found = taken(stage.book)
    assert whats(found, "last") == [("firing warning", 1.0)]
    assert whats(found, "average") == [("firing warning", 5.0)]


async def test_what_happened_meanwhile_is_judged_at_its_time() -> None:
    values = [1.0] * 40 + [9.0] * 10 + [1.0] * 69
    whole = await broken_between(500.0, 500.0, values)
    broken = await broken_between(35.0, 80.0, values)
    assert taken(broken.book) == taken(whole.book) != []


async def test_no_data_is_a_state_where_that_is_wanted_and_nothing_otherwise() -> None:
    told = Lack(Choice.ALERT, 20.0)
    rules = (*RULES, rule("last-told", "last", no_data=told), rule("average-told", "average", no_data=told))
    stage = Stage(rules, [heat(at, 1.0) for at in EVERY_SECOND[:20]])
    async with stage.judged():
        await stage.until(110.0)
        found = taken(stage.book)
        assert stage.status("average").health is Health.NO_DATA
        assert stage.status("last").health is Health.NO_DATA
    assert {one[0] for one in found} == {"last-told", "average-told"}
    assert {one[3] for one in found} == {"no_data warning"}
    assert all(50.0 <= one[2] <= 65.0 for one in found)


async def test_a_rule_that_cannot_be_judged_says_so_as_a_state_of_its_own() -> None:
    failing = rule("average", "average", failure=Lack(Choice.ALERT, 30.0))
    stage = Stage((failing,), [heat(at, 1.0) for at in EVERY_SECOND])
    async with stage.judged():
        await stage.until(20.0)
        assert stage.status("average").health is Health.GOOD
        stage.sources.failure = InvalidInput.of("query", "is about too many samples")
        await stage.until(70.0)
        status = stage.status("average")
        assert status.health is Health.FAILING
        assert "too many samples" in status.problem
        stage.sources.failure = None
        await stage.until(90.0)
        assert stage.status("average").health is Health.GOOD
    [failed, over] = whats(taken(stage.book), "average")
    assert failed[0] == "error warning"
    assert 45.0 <= failed[1] <= 60.0
    assert over[0] == "resolved warning"


async def test_a_rule_that_can_never_fire_is_pointed_out() -> None:
    part, whole = (Selection(metric, (), "sum", window=15.0) for metric in ("heat", "unknown"))
    rules = (
        *RULES,
        rule("unknown-last", "last", "unknown"),
        rule("unknown-average", "average", "unknown"),
        Rule("ratio", "ratio", Ratio(part, whole), LEVELS, interval=5.0),
        Rule("part", "part", Ratio(whole, part), LEVELS, interval=5.0),
        Rule("both", "both", Composite(OfRule("gone")), (Level(Severity.INFO),), interval=5.0),
    )
    stage = Stage(rules, [heat(at, 1.0) for at in EVERY_SECOND])
    async with stage.judged():
        await stage.until(30.0)
        health = {one.id: stage.status(one.id) for one in rules}
    hopeless = {rule_id for rule_id, status in health.items() if status.health is Health.HOPELESS}
    assert hopeless == {"unknown-last", "unknown-average", "ratio", "both"}
    assert "unknown" in health["unknown-last"].problem
    assert "unknown" in health["unknown-average"].problem
    assert "gone" in health["both"].problem
    assert {status.health for rule_id, status in health.items() if rule_id not in hopeless} == {Health.GOOD}
    assert health["last"].groups == 1
    assert health["last"].judged_at is not None


async def test_rules_that_change_are_judged_at_once() -> None:
    stage = Stage(RULES[:1], [heat(at, 9.0) for at in EVERY_SECOND])
    async with stage.judged():
        await stage.until(20.0)
        stage.book.set_rules(RULES, START + 20.0)
        await stage.until(32.0)
    found = taken(stage.book)
    assert whats(found, "last") == [("firing warning", 1.0)]
    [(what, at)] = whats(found, "average")
    assert what == "firing warning"
    assert 20.0 <= at <= 30.0


async def test_events_that_a_broken_feed_missed_count_once() -> None:
    failed = EventMatch((EventCondition("data.ok", Operator.EQUAL, ("false",)),), ("service",))
    match = Rule("failed", "failed", failed, (Level(Severity.CRITICAL),), keep_firing=60.0, interval=5.0)
    happened = [Event(START + at, "call", "shop", data={"ok": False}) for at in (10.0, 30.0, 31.0, 50.0)]
    stage = Stage((match,), (), happened)
    async with stage.judged():
        await stage.until(20.0)
        stage.sources.failure = AWAY
        await stage.until(40.0)
        stage.sources.failure = None
        await stage.until(60.0)
        [standing] = stage.book.standings("failed")
    found = whats(taken(stage.book), "failed")
    assert found[0] == ("firing critical", 10.0)
    assert {what for what, _at in found} == {"firing critical", "keep_firing critical"}
    assert standing.value == 4.0
    assert standing.labels == (("service", "shop"),)
