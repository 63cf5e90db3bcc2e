"""What several rules need is asked for once."""

from dataclasses import replace

from services.alerting.ports.alerts import Severity
from services.alerting.ports.rules import Level, Rule, Threshold
from services.core.matching import Matcher, Operator
from services.core.questions import Expression, Function, Grouping, Selection
from tests.support.judging_stage import Stage, heat, taken

HOSTS = [f"h{number}" for number in range(40)]
MANY = [f"web-{number:04d}.example.org" for number in range(400)]


def rule(host: str, threshold: float, function: Function) -> Rule:
    selection = Selection("heat", (Matcher("host", Operator.EQUAL, host),), function, window=30.0)
    condition = Threshold((Expression("a", selection),))
    return Rule(f"{host}-{threshold:g}", host, condition, (Level(Severity.WARNING, threshold),), interval=5.0)


async def test_rules_on_different_series_of_a_metric_share_a_question() -> None:
    rules = [rule(host, threshold, "average") for host in HOSTS for threshold in (1.0, 50.0)]
    samples = [heat(second, float(number), host) for second in (1.0, 6.0) for number, host in enumerate(HOSTS)]
    stage = Stage(rules, samples)
    async with stage.judged():
        await stage.until(4.0)
        before = stage.sources.asked
        await stage.until(8.0)
        assert stage.sources.asked == before + 1
    assert {one[0] for one in taken(stage.book)} == {f"{host}-1" for host in HOSTS[2:]}


async def test_many_series_are_asked_for_without_naming_them() -> None:
    stage = Stage(
        [rule(host, 5.0, "average") for host in MANY], [heat(1.0, 9.0, host) for host in (*MANY[:3], "other")]
    )
    async with stage.judged():
        await stage.until(8.0)
    assert {one[0] for one in taken(stage.book)} == {f"{host}-5" for host in MANY[:3]}


async def test_instant_rules_share_a_feed_and_ask_nothing_of_their_own() -> None:
    rules = [rule(host, 5.0, "last") for host in HOSTS]
    stage = Stage(rules, [heat(second, second, host) for second in (2.0, 4.0, 6.0) for host in HOSTS])
    async with stage.judged():
        await stage.until(7.0)
    found = taken(stage.book)
    assert {(one[0], one[2]) for one in found} == {(f"{host}-5", 6.0) for host in HOSTS}


async def test_rules_that_differ_in_their_thresholds_share_an_answer() -> None:
    grouped = Selection("heat", (), "sum", window=30.0, grouping=Grouping("sum", by=("host",)))
    first = Rule("one", "one", Threshold((Expression("a", grouped),)), (Level(Severity.WARNING, 5.0),), interval=5.0)
    rules = [first, replace(first, id="two", levels=(Level(Severity.CRITICAL, 50.0),))]
    stage = Stage(rules, [heat(1.0, 9.0), heat(2.0, 60.0, "b")])
    async with stage.judged():
        await stage.until(4.0)
        before = stage.sources.asked
        await stage.until(8.0)
        assert stage.sources.asked == before + 1
    assert sorted(one[0] for one in taken(stage.book)) == ["one", "one", "two"]
