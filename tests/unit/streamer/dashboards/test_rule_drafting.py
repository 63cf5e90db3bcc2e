"""What a widget shows becomes a rule that alerting takes as it is."""

from math import isfinite
from typing import Any

import pytest
from hypothesis import given, strategies as st

from binnacle.alerts.v1 import alerts_pb2
from binnacle.dashboards.v1 import widgets_pb2 as pb
from binnacle.streamer.v1 import dashboard_help_pb2 as service_pb
from services.alerting.convert.rules import rule_from
from services.alerting.ports.rules import BurnRate, EventMatch, EventRate, Ratio, Rule, Threshold
from services.core.errors import InvalidInput
from services.core.questions import Calculation, Selection
from services.streamer.adapters.ready_made import ready_made
from services.streamer.convert.dashboards.messages import dashboard_message
from services.streamer.convert.dashboards.rule_drafts import levels_of
from services.streamer.ports.catalogue import Known, Metric
from services.streamer.service.rule_drafting import RuleDrafting, beyond
from tests.support.dashboards import dashboard

KNOWN = Known({"orders_total": Metric("orders_total", kind="total")}, {})
TENANT = "acme"


class Around:
    """A day whose values lay between two bounds, and what the tenant has sent."""

    def __init__(self, bounds: tuple[float, float] | None = (0.0, 40.0)) -> None:
        self._bounds = bounds

    async def bounds(self, tenant: str, question: object, name: str) -> tuple[float, float] | None:
        return self._bounds

    async def known(self, tenant: str) -> Known:
        return KNOWN


async def drafted(around: Around, told: dict[str, Any], **asked: Any) -> tuple[Rule, list[str]]:
    [widget] = dashboard_message(dashboard("a", widgets=[told])).widgets
    answer = await RuleDrafting(around, around).draft(TENANT, service_pb.DraftRuleRequest(widget=widget, **asked))
    return rule_from(answer.rule), list(answer.notices)


def query(*expressions: dict[str, Any]) -> dict[str, Any]:
    return {"question": {"query": {"expressions": list(expressions)}}}


SHARE = query(
    {"selection": {"metric": "unused"}},
    {"hidden": True, "selection": {"metric": "__errors__", "function": "sum", "window": "5m"}},
    {"hidden": True, "selection": {"metric": "__requests__", "function": "sum", "window": "5m"}},
    {"calculation": {"left": "b", "operator": "divide", "right": "c"}, "ranking": {"count": 3}},
)


async def test_a_rule_asks_what_the_widget_asks_and_no_more() -> None:
    rule, notices = await drafted(Around(), {"title": "Failing", "line": SHARE})
    assert (rule.name, isinstance(rule.condition, Threshold)) == ("Failing", True)
    assert isinstance(rule.condition, Threshold)
    assert [one.name for one in rule.condition.expressions] == ["b", "c", "d"]
    last = rule.condition.expressions[-1]
    assert isinstance(last.source, Calculation)
    assert last.ranking is None
    assert any("every series" in one for one in notices)
    other, notices = await drafted(Around(), {"line": SHARE}, expression="a")
    assert isinstance(other.condition, Threshold)
    assert isinstance(other.condition.expressions[-1].source, Selection)
    assert any("last 5 minutes" in one for one in notices)
    with pytest.raises(InvalidInput, match="one of a, d"):
        await drafted(Around(), {"line": SHARE}, expression="b")


@pytest.mark.parametrize(
    ("figure", "kind"),
    [("error_rate", Ratio), ("requests", Threshold), ("purchases", EventRate), ("system_cpu_usage", Threshold),
     ("average_latency_ms", Threshold), ("p95_latency_ms", Threshold), ("orders_total", Threshold)],
)  # fmt: skip
async def test_figures_that_can_be_counted_can_be_watched(figure: str, kind: type) -> None:
    rule, _notices = await drafted(Around(), {"line": {"question": {"figures": [figure]}}})
    assert isinstance(rule.condition, kind)
    assert not isinstance(rule.condition, BurnRate)
    assert [level.threshold for level in rule.levels] == [44.0]


@pytest.mark.parametrize("figure", ["revenue", "active_users", "nothing_of_the_kind"])
async def test_what_no_rule_can_watch_is_said(figure: str) -> None:
    with pytest.raises(InvalidInput, match=figure):
        await drafted(Around(), {"line": {"question": {"figures": [figure]}}})
    with pytest.raises(InvalidInput, match="must be told"):
        await drafted(Around(None), {"line": {"question": {"figures": ["requests"]}}})


async def test_thresholds_are_those_told_then_the_marks_then_what_was_usual() -> None:
    figures = {"question": {"figures": ["requests"]}}
    marks = [{"value": 5, "severity": "warning"}, {"value": 9, "severity": "critical"},
             {"value": 1, "severity": "critical", "below": True}]  # fmt: skip
    marked = {"number": {**figures, "marks": marks}}
    assert [one.threshold for one in (await drafted(Around(), marked))[0].levels] == [9.0, 5.0]
    below, _notices = await drafted(Around(), marked, below=True)
    assert [one.threshold for one in below.levels] == [1.0]
    assert [one.threshold for one in (await drafted(Around(), marked, threshold=3.0))[0].levels] == [3.0]


async def test_where_all_marks_are_below_values_below_are_bad() -> None:
    success = {"question": {"figures": ["error_rate"]}, "marks": [{"value": 1, "severity": "warning", "below": True}]}
    rule, notices = await drafted(Around(), {"gauge": success})
    assert isinstance(rule.condition, Ratio)
    assert rule.condition.comparison == "below"
    assert [one.threshold for one in rule.levels] == [1.0]
    assert notices == ["The thresholds are the marks of the widget."]


async def test_of_several_figures_it_is_said_which_one_is_watched() -> None:
    _rule, notices = await drafted(Around(), {"line": {"question": {"figures": ["requests", "errors"]}}})
    assert notices[0] == "The rule watches errors alone; the widget shows requests, errors."


async def test_a_feed_of_events_becomes_a_rule_on_each_of_them() -> None:
    attributes = [{"path": ["total"], "operator": "greater", "number": 500}, {"path": ["test"], "operator": "absent"}]
    feed = {"event_feed": {"selection": {"types": ["purchase"], "attributes": attributes}}}
    rule, _notices = await drafted(Around(), feed)
    assert isinstance(rule.condition, EventMatch)
    assert [one.field for one in rule.condition.conditions] == ["type", "data.total", "data.test"]
    with pytest.raises(InvalidInput, match="choose types"):
        await drafted(Around(), {"event_feed": {}})


KINDS = ("line", "area", "bar", "stacked", "number", "gauge", "table", "top_list", "heat_map", "histogram")


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_that_shows_numbers_can_be_watched(kind: str) -> None:
    rule, notices = await drafted(Around(), {"title": kind, kind: {"question": {"figures": ["p99_latency_ms"]}}})
    assert (rule.name, [level.threshold for level in rule.levels]) == (kind, [44.0])
    assert isinstance(rule.condition, Threshold)
    source = rule.condition.expressions[-1].source
    assert isinstance(source, Selection)
    assert (source.metric, source.function, source.quantile) == ("__latency__", "quantile", 0.99)
    assert len(notices) == 1


@pytest.mark.parametrize(
    ("told", "said"),
    [({"log_view": {}}, "log lines"), ({"alert_list": {}}, "alerts"), ({"markdown": {"text": "a"}}, "text")],
    ids=["log_view", "alert_list", "markdown"],
)
async def test_every_other_kind_says_that_it_cannot(told: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=f"no rule can watch {said}"):
        await drafted(Around(), told)


async def test_variables_have_to_be_filled_in() -> None:
    [shop] = [one for one in ready_made().dashboards if one.id == "shop"]
    [widget] = [one for one in dashboard_message(shop).widgets if one.title == "Busiest endpoints"]
    with pytest.raises(InvalidInput, match="variable"):
        await RuleDrafting(Around(), Around()).draft(TENANT, service_pb.DraftRuleRequest(widget=widget))


SEVERITIES = st.sampled_from(alerts_pb2.Severity.values()[1:])
VALUES = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(st.tuples(VALUES, SEVERITIES, st.booleans()), max_size=10), st.booleans())
def test_levels_of_any_marks_are_in_the_order_that_rules_take(
    given_marks: list[tuple[float, alerts_pb2.Severity.ValueType, bool]], below: bool
) -> None:
    marks = [pb.Mark(value=value, severity=severity, below=side) for value, severity, side in given_marks]
    levels = levels_of(marks, below=below)
    assert len({one.severity for one in levels}) == len(levels)
    thresholds = [one.threshold for one in levels]
    assert thresholds == sorted(set(thresholds), reverse=not below)


@given(st.floats(-1e12, 1e12), st.booleans())
def test_a_suggested_threshold_is_beyond_what_was_measured(value: float, below: bool) -> None:
    found = beyond(value, below=below)
    assert isfinite(found)
    assert found <= value if below else found >= value


async def test_the_number_of_events_of_a_type_becomes_a_rule_and_that_of_all_does_not() -> None:
    def counting(name: str) -> dict[str, Any]:
        return {"title": "Counted", "line": {"question": {"figures": {"names": [name]}}}}

    rule, _notices = await drafted(Around(), counting("events{type=signup,service=shop}"))
    assert isinstance(rule.condition, EventRate)
    told = [(one.field, one.values) for one in rule.condition.conditions]
    assert told == [("type", ("signup",)), ("service", ("shop",))]
    with pytest.raises(InvalidInput, match="no rule can watch events"):
        await drafted(Around(), counting("events"))
