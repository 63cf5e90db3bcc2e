"""What people build is checked field by field, and comes back as it went in, from messages, files and JSON."""

import json
import random
from typing import Any

import pytest
from google.protobuf import json_format

from binnacle.dashboards.v1 import dashboards_pb2 as pb, widgets_pb2 as widgets_pb
from binnacle.streamer.v1 import dashboard_help_pb2 as service_pb
from services.core.errors import InvalidInput, NotFound
from services.core.records import AuditRecord
from services.runtime.dashboard_files import dashboards_in, dashboards_text
from services.runtime.yaml_files import load
from services.streamer.adapters.ready_made import ready_made
from services.streamer.convert.dashboards.messages import dashboard_from, dashboard_message
from services.streamer.convert.dashboards.records import dashboard_payload, dashboard_recorded
from services.streamer.convert.dashboards.texts import imported, last_widget, widget_told, with_widget
from services.streamer.convert.dashboards.widgets import KINDS
from services.streamer.ports.dashboards import Dashboard
from tests.support.dashboards import FIGURES, dashboard, message

QUERY = {
    "question": {"query": {"expressions": [{"selection": {"metric": "latency", "matchers": ["service=$service"]}}]}}
}
MALFORMED = 1_000
ALL = [*ready_made().dashboards, *ready_made().of_installation]
SEED = {
    "widget_type": "chart",
    "title": "Messages per Hour",
    "config": {"chart_type": "line", "metrics": ["messages_sent", "messages_received"]},
    "position": {"x": 0, "y": 0, "width": 6, "height": 4},
}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_what_comes_ready_made_leaves_no_hole(one: Dashboard) -> None:
    spots = [widget.position for widget in dashboard_message(one).widgets]
    assert sum(spot.width * spot.height for spot in spots) == 12 * max(spot.y + spot.height for spot in spots)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_what_is_kept_is_what_was_built(one: Dashboard) -> None:
    shown = dashboard_message(one)
    record = AuditRecord(1, "acme", "dashboard", one.id, 2, "update", payload=json.dumps(dashboard_payload(one)))
    kept = dashboard_recorded(record)
    assert (kept.content, kept.id, kept.version) == (one.content, one.id, 2)
    [written] = dashboards_in(load(dashboards_text([shown])))
    assert dashboard_from(written).content == one.content


def test_below_a_place_that_is_none_others_find_one() -> None:
    low = pb.Dashboard(title="Low")
    for name in ("a", "b"):
        low.widgets.add(id=name, title=name).markdown.text = name
    low.widgets[0].position.CopyFrom(widgets_pb.Position(y=2**32 - 1, width=1, height=1))
    with pytest.raises(InvalidInput, match="must be at most 10,000") as refused:
        dashboard_from(low)
    assert refused.value.violations[0].field == "dashboard.widgets[0].position.y"


def test_every_kind_of_widget_is_among_what_comes_with_it() -> None:
    came = {widget.WhichOneof("kind") for one in ALL for widget in dashboard_message(one).widgets}
    assert came == set(KINDS)


def test_the_answer_of_one_suite_is_imported_by_another() -> None:
    shown = dashboard_message(ALL[0])
    answer = json_format.MessageToDict(
        shown, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    [made], faults = imported(json.dumps({"dashboard": answer}))
    assert (faults, made.content, made.id) == ([], ALL[0].content, ALL[0].id)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "dashboard.title"),
    ({"id": "Not this"}, "dashboard.id"),
    ({"range": "1s"}, "dashboard.range"),
    ({"refresh": "2h"}, "dashboard.refresh"),
    ({"tags": ["a", "a"]}, "dashboard.tags"),
    ({"widgets": [{}]}, "dashboard.widgets[0]"),
    ({"widgets": [{"line": {}}]}, "dashboard.widgets[0].line.question"),
    ({"widgets": [{"line": FIGURES, "position": {"x": 8, "width": 6, "height": 1}}]},
     "dashboard.widgets[0].position.width"),
    ({"widgets": [{"id": "a", "line": FIGURES}, {"id": "a", "bar": FIGURES}]}, "dashboard.widgets"),
    ({"widgets": [{"line": QUERY}]},
     "dashboard.widgets[0].line.question.query.expressions[0].selection.matchers[0].value"),
    ({"widgets": [{"line": {**FIGURES, "minimum": 2, "maximum": 1}}]}, "dashboard.widgets[0].line.maximum"),
    ({"widgets": [{"gauge": {**FIGURES, "minimum": 200}}]}, "dashboard.widgets[0].gauge.maximum"),
    ({"widgets": [{"histogram": {**FIGURES, "buckets": 1}}]}, "dashboard.widgets[0].histogram.buckets"),
    ({"widgets": [{"table": {**FIGURES, "columns": ["last", "last"]}}]}, "dashboard.widgets[0].table.columns"),
    ({"widgets": [{"number": {**FIGURES, "marks": [{"value": 1}]}}]}, "dashboard.widgets[0].number.marks[0].severity"),
    ({"widgets": [{"event_feed": {"selection": {"types": ["$who"]}}}]},
     "dashboard.widgets[0].event_feed.selection.types[0]"),
    ({"widgets": [{"log_view": {"selection": {"text": "x" * 1001}}}]}, "dashboard.widgets[0].log_view.selection.text"),
    ({"widgets": [{"markdown": {"text": "x" * 20_001}}]}, "dashboard.widgets[0].markdown.text"),
    ({"widgets": [{"line": FIGURES}] * 101}, "dashboard.widgets"),
    ({"variables": [{"name": "a b", "listed": ["x"]}]}, "dashboard.variables[0].name"),
    ({"variables": [{"name": "a"}]}, "dashboard.variables[0]"),
    ({"variables": [{"name": "a", "listed": ["x"], "chosen": ["y"]}]}, "dashboard.variables[0].chosen"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "field"), BAD, ids=[field for _told, field in BAD])
def test_what_is_wrong_is_named(told: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        dashboard_from(message(**told))
    assert field in {one.field for one in fault.value.violations}


def test_a_variable_stands_for_a_value_of_a_label_that_is_compared_as_text() -> None:
    variables = [{"name": "service", "label_values": {"label": "service"}}]
    dashboard("a", variables=variables, widgets=[{"line": QUERY}])
    pattern = {"question": {"query": {"expressions": [{"selection": {"metric": "m", "matchers": ["s=~$service"]}}]}}}
    with pytest.raises(InvalidInput, match="operator"):
        dashboard("a", variables=variables, widgets=[{"line": pattern}])


def test_widgets_without_a_place_stand_below_the_others_from_left_to_right() -> None:
    placed = {"line": FIGURES, "position": {"x": 6, "y": 1, "width": 6, "height": 3}}
    made = dashboard_message(
        dashboard("a", widgets=[{"number": FIGURES}, placed, {"line": FIGURES}, {"line": FIGURES}])
    )
    assert [(one.position.x, one.position.y) for one in made.widgets] == [(0, 4), (6, 1), (3, 4), (0, 8)]


def test_1000_malformed_dashboards_harm_nothing_and_each_is_told_what_is_wrong() -> None:
    rng = random.Random(7)
    right = [json_format.MessageToDict(dashboard_message(one), preserving_proto_field_name=True) for one in ALL]
    broken = [spoilt(rng, rng.choice(right)) for _ in range(MALFORMED)]
    found, faults = imported(json.dumps(broken))
    assert found == []
    assert {one.field.split("]")[0] for one in faults} == {f"dashboards[{number}" for number in range(MALFORMED)}
    assert all(one.description for one in faults)


def spoilt(rng: random.Random, right: dict[str, Any]) -> Any:
    """A dashboard with something wrong somewhere."""
    broken = json.loads(json.dumps(right))
    wrong: Any = rng.choice([None, 7, "x", [], -1, {"no": 1}, [[[]]], "\0", 1e300])
    widget = rng.choice(broken["widgets"])
    match rng.randrange(6):
        case 0:
            return wrong
        case 1:
            broken[rng.choice(["title", "widgets", "tags"])] = {"deep": wrong}
        case 2:
            widget["position"] = {"x": 40, "width": 0}
        case 3:
            widget["unknown"] = wrong
        case 4:
            widget["line"], widget["bar"] = {}, {}
        case _:
            broken["widgets"] = [widget] * 200
    return broken


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '"x"', '{"dashboards": 1}', "[" * 100_000])
def test_what_is_no_dashboard_is_refused(text: str) -> None:
    try:
        found, faults = imported(text)
    except InvalidInput as fault:
        found, faults = [], list(fault.violations)
    assert (found, bool(faults)) == ([], True)


def told(**changed: Any) -> service_pb.AddWidgetRequest:
    return json_format.ParseDict({**SEED, **changed}, service_pb.AddWidgetRequest())


def test_a_widget_in_few_words_is_added_to_the_default_dashboard_below_what_stands_there() -> None:
    made = with_widget(None, "default", widget_told(told()))
    again = with_widget(made, "default", widget_told(told(widget_type="number", config={"metrics": ["revenue"]})))
    first, second = dashboard_message(again).widgets
    assert (made.id, first.id, list(first.line.question.figures.names)) == (
        "default", "line-1", ["messages_sent", "messages_received"],
    )  # fmt: skip
    assert (second.id, second.position.y, last_widget(again)) == ("number-1", 4, second)
    with pytest.raises(NotFound):
        with_widget(None, "another", widget_told(told()))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"widget_type": "pie"}, "widget_type"),
        ({"config": {"chart_type": "pie"}}, "config.chart_type"),
        ({"config": {"chart_type": "bar"}}, "config.question"),
        ({"config": {"metrics": []}}, "config.metrics"),
        ({"config": {"metrics": "revenue"}}, "config.metrics"),
        ({"config": {"metrics": ["revenue"], "colour": "red"}}, "config.colour"),
        ({"position": {"x": 12, "width": 1, "height": 1}}, "position.x"),
        ({"title": "x" * 201}, "title"),
        ({"widget_type": "markdown", "config": {"text": "hello", "metrics": ["revenue"]}}, "config.metrics"),
    ],
)
def test_what_is_wrong_with_a_widget_is_named_as_it_was_told(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        widget_told(told(**changed))
    assert field in {one.field for one in fault.value.violations}


def test_the_bytes_of_what_says_the_same_are_the_same() -> None:
    explicit = dashboard("a", range="1h", refresh="5s", widgets=[{"id": "line-1", "line": FIGURES,
                         "position": {"width": 6, "height": 4}}])  # fmt: skip
    assert dashboard("a").content == explicit.content != dashboard("a", range="2h").content
    assert pb.Dashboard.FromString(explicit.content).id == ""


def test_who_tells_a_field_that_is_not_known_hears_the_short_one_too() -> None:
    with pytest.raises(InvalidInput, match=r"config\.metric: is not known; there are metrics, question, "):
        widget_told(told(config={"metric": "revenue"}))
