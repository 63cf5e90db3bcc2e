"""Rules of Prometheus as ours."""

from typing import Any

import pytest

from services.launcher.rules.prometheus import Imported, import_groups
from services.launcher.rules.promql import NotConvertible, condition_of
from services.runtime.plain_messages import plain_of


def imported(**rule: Any) -> Imported:
    found = Imported()
    import_groups({"groups": [{"name": "g", "interval": "30s", "rules": [rule]}]}, "file", found)
    return found


def threshold(text: str) -> dict[str, Any]:
    held: dict[str, Any] = plain_of(condition_of(text).condition)["threshold"]
    return held


@pytest.mark.parametrize(
    ("text", "comparison", "value"),
    [
        ("node_load1 > 5", "above", 5.0),
        ("5 < node_load1", "above", 5.0),
        ("node_load1 >= 0.5 * 10", "at_least", 5.0),
        ("node_load1 < -5", "below", -5.0),
        ("(node_load1) <= (5)", "at_most", 5.0),
        ("up == 0", "below", 1.0),
    ],
)
def test_comparisons(text: str, comparison: str, value: float) -> None:
    converted = condition_of(text)
    assert plain_of(converted.condition)["threshold"]["comparison"] == comparison
    assert converted.threshold == value


def test_long_texts_make_no_long_expression() -> None:
    matchers = [f'label_{letter}=~"{"-".join(["shop"] * 190)}"' for letter in "abcdef"]
    [expression] = threshold(f"a{{{', '.join(matchers)}}} > 1")["expressions"]
    assert expression["selection"]["matchers"] == matchers


def test_a_rate_by_labels() -> None:
    [expression] = threshold('sum by (job, code) (rate(http_requests_total{job="api",code=~"5.."}[5m] offset 1h)) > 1')[
        "expressions"
    ]
    assert expression["selection"] == {
        "metric": "http_requests_total",
        "matchers": ['job="api"', 'code=~"5.."'],
        "function": "rate",
        "window": "5m",
        "offset": "1h",
        "grouping": {"aggregation": "sum", "by": ["code", "job"]},
    }


def test_a_share_in_percent() -> None:
    held = threshold("100 * sum(rate(errors[5m])) by (job) / on (job) sum(rate(requests[5m])) by (job) > 5")
    expressions = held["expressions"]
    assert [one.get("hidden", False) for one in expressions] == [True] * (len(expressions) - 1) + [False]
    assert [next(iter(set(one) & {"selection", "calculation"})) for one in expressions] == [
        "selection",
        "calculation",
        "selection",
        "calculation",
    ]
    assert expressions[-1]["calculation"] == {"left": "b", "operator": "divide", "right": "c"}


def test_two_series_are_compared_by_their_difference() -> None:
    converted = condition_of("queue_length > queue_limit")
    assert converted.threshold == 0.0
    assert converted.notes
    assert plain_of(converted.condition)["threshold"]["expressions"][-1]["calculation"]["operator"] == "subtract"


@pytest.mark.parametrize(("text", "after"), [('absent(up{job="a"})', "5m"), ("absent_over_time(up[10m])", "10m")])
def test_absence(text: str, after: str) -> None:
    held = plain_of(condition_of(text).condition)["absence"]
    assert (held["metric"], held["after"]) == ("up", after)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a > 1 and b > 2", "and"),
        ("a", "compares nothing"),
        ("a == 5", "=="),
        ("a > bool 5", "bool"),
        ("histogram_quantile(0.9, rate(a[5m])) > 1", "histogram_quantile"),
        ("time() - a > 60", "time"),
        ("topk(5, a) > 1", "topk"),
        ("max(sum by (b) (a)) > 1", "aggregates"),
        ("a * on (b) group_left c > 1", "group_left"),
        ("a / ignoring (b) c > 1", "ignoring"),
        ("max_over_time(rate(a[5m])[1h:]) > 1", "subquery"),
        ("a @ 5 > 1", "@"),
        ("a offset -5m > 1", "future"),
        ("a >", "no PromQL"),
        pytest.param("-" * 2_000 + "a > 1", "nested too deep", id="deep"),
        # The parser of these ends the process.
        pytest.param("-" * 100_000 + "a > 1", "longer than", id="deeper"),
        pytest.param("a + " * 100_000 + "1 > 1", "longer than", id="long"),
    ],
)
def test_what_cannot_be_asked_says_why(text: str, reason: str) -> None:
    with pytest.raises(NotConvertible, match=reason):
        condition_of(text)


def test_a_rule_with_all_it_says() -> None:
    found = imported(
        alert="HighLoad",
        expr="node_load1 > 5",
        keep_firing_for="2m",
        labels={"severity": "page", "team": "infra", "who": "{{ $labels.instance }}"},
        annotations={
            "summary": "Load of {{ $labels.instance }} is {{ $value | humanize }}",
            "more": '{{ query "up" }}!',
            "share": "{{ $value | humanizePercentage }} used",
            "runbook_url": "https://example.com/load",
        },
        **{"for": "10m"},
    )
    [rule] = found.rules
    assert plain_of(rule) == {
        "id": "high-load",
        "name": "HighLoad",
        "condition": plain_of(condition_of("node_load1 > 5").condition),
        "levels": [{"severity": "critical", "threshold": 5}],
        "for": "10m",
        "keep_firing": "2m",
        "interval": "30s",
        "no_data": {"choice": "resolve", "after": "0s"},
        "labels": {"team": "infra"},
        "annotations": {"summary": "Load of {{labels.instance}} is {{value}}", "more": "!", "share": "{{value}} used"},
        "runbook_url": "https://example.com/load",
    }
    assert [note for _place, note in found.notes] == [
        "the label who is left out: labels have no templates",
        'in the annotation more, {{ query "up" }} is left out',
        "in the annotation share, {{ $value | humanizePercentage }} is the value as it is",
    ]


def test_what_is_refused_is_listed() -> None:
    found = imported(record="job:rate", expr="rate(a[5m])")
    assert found.refused == [("file: g/job:rate", "records a series; rules here ask for what they need themselves")]
    found = imported(alert="Both", expr="a > 1 or b > 1", labels={"severity": "info"})
    assert [place for place, _reason in found.refused] == ["file: g/Both"]
    found = Imported()
    import_groups({"rules": []}, "file", found)
    assert found.refused


def test_rules_of_one_name_have_ids_of_their_own() -> None:
    found = Imported()
    rules = [{"alert": "A", "expr": f"a > {number}"} for number in range(2)]
    import_groups({"groups": [{"name": "g", "rules": rules}]}, "file", found)
    assert [rule.id for rule in found.rules] == ["a", "a-2"]


def test_what_asks_for_a_recorded_series_says_that_it_has_to_be_sent() -> None:
    found = Imported()
    alerts = [{"alert": "Slow", "expr": "job:latency:p99 > 1"}, {"alert": "Gone", "expr": "absent(job:latency:p99)"}]
    import_groups({"groups": [{"name": "g", "rules": [*alerts, {"alert": "Other", "expr": "x > 1"}]}]}, "one", found)
    import_groups({"groups": [{"name": "h", "rules": [{"record": "job:latency:p99", "expr": "max(x)"}]}]}, "two", found)
    found.finish()
    told = [place for place, note in found.notes if "job:latency:p99 is recorded" in note]
    assert told == ["one: g/Slow", "one: g/Gone"]
