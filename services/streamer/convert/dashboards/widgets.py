"""Widgets: what is wrong with them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from binnacle.alerts.v1 import alerts_pb2
from binnacle.dashboards.v1 import widgets_pb2 as pb
from binnacle.live.v1 import live_pb2
from services.core.errors import InvalidInput
from services.runtime.faults import Faults
from services.runtime.questions import matchers_in
from services.streamer.convert.dashboards.questions import check_question
from services.streamer.convert.dashboards.variables import check_matchers, check_values
from services.streamer.convert.live_requests import wanted_from

LONGEST_UNIT, LONGEST_LEGEND, LONGEST_MARKDOWN, LONGEST_COLUMN = 30, 200, 20_000, 500
MOST_MARKS, MOST_COLUMNS, MOST_REDUCTIONS, MOST_LISTED, MOST_DECIMALS = 10, 10, 6, 100, 6
BUCKETS = (2, 100)
USUAL_MAXIMUM = 100.0
_CHOSEN = ("types", "services", "user_ids", "session_ids")


def check_kind(faults: Faults, field: str, given: pb.Widget, variables: Collection[str]) -> None:
    """Note what is wrong with what a widget is."""
    kind = given.WhichOneof("kind")
    if kind is None:
        faults.require(False, field, f"must have one of {', '.join(KINDS)}")
        return
    content = getattr(given, kind)
    if "question" in content.DESCRIPTOR.fields_by_name:
        check_question(faults, f"{field}.{kind}.question", content.question, variables)
    if "unit" in content.DESCRIPTOR.fields_by_name:
        faults.text(f"{field}.{kind}.unit", content.unit, LONGEST_UNIT)
    if "legend" in content.DESCRIPTOR.fields_by_name:
        faults.text(f"{field}.{kind}.legend", content.legend, LONGEST_LEGEND)
    if "marks" in content.DESCRIPTOR.fields_by_name:
        _check_marks(faults, f"{field}.{kind}.marks", content.marks)
    if "reduction" in content.DESCRIPTOR.fields_by_name:
        _check_reduction(faults, f"{field}.{kind}.reduction", content.reduction)
    if kind in _CHECKS:
        _CHECKS[kind](faults, f"{field}.{kind}", content, variables)


def _check_marks(faults: Faults, field: str, given: Sequence[pb.Mark]) -> None:
    faults.require(len(given) <= MOST_MARKS, field, f"must be at most {MOST_MARKS}")
    for place, mark in enumerate(given):
        faults.number(f"{field}[{place}].value", mark.value)
        _check_severity(faults, f"{field}[{place}].severity", mark.severity)


def _check_severity(faults: Faults, field: str, given: int) -> None:
    known = given in alerts_pb2.Severity.values()[1:]
    faults.require(known, field, "must be one of info, warning, critical")


def _check_reduction(faults: Faults, field: str, given: int) -> None:
    names = ", ".join(name.removeprefix("REDUCTION_").lower() for name in pb.Reduction.keys()[1:])
    faults.require(given in pb.Reduction.values(), field, f"must be one of {names}")


def _check_chart(faults: Faults, field: str, given: pb.Chart, variables: Collection[str]) -> None:
    for name in ("minimum", "maximum"):
        faults.number(f"{field}.{name}", getattr(given, name))
    right = not (given.HasField("minimum") and given.HasField("maximum")) or given.minimum < given.maximum
    faults.require(right, f"{field}.maximum", "must be above the minimum")


def _check_number(faults: Faults, field: str, given: pb.Number, variables: Collection[str]) -> None:
    faults.require(given.decimals <= MOST_DECIMALS, f"{field}.decimals", f"must be at most {MOST_DECIMALS}")


def _check_gauge(faults: Faults, field: str, given: pb.Gauge, variables: Collection[str]) -> None:
    faults.number(f"{field}.minimum", given.minimum)
    maximum = faults.number(f"{field}.maximum", given.maximum) if given.HasField("maximum") else USUAL_MAXIMUM
    faults.require(given.minimum < maximum, f"{field}.maximum", "must be above the minimum")


def _check_table(faults: Faults, field: str, given: pb.Table, variables: Collection[str]) -> None:
    faults.require(len(given.columns) <= MOST_REDUCTIONS, f"{field}.columns", f"must be at most {MOST_REDUCTIONS}")
    faults.require(len(set(given.columns)) == len(given.columns), f"{field}.columns", "must all be different")
    for place, column in enumerate(given.columns):
        _check_reduction(faults, f"{field}.columns[{place}]", column)


def _check_top_list(faults: Faults, field: str, given: pb.TopList, variables: Collection[str]) -> None:
    faults.require(given.count <= MOST_LISTED, f"{field}.count", f"must be at most {MOST_LISTED}")


def _check_histogram(faults: Faults, field: str, given: pb.Histogram, variables: Collection[str]) -> None:
    right = not given.buckets or BUCKETS[0] <= given.buckets <= BUCKETS[1]
    faults.require(right, f"{field}.buckets", f"must be {BUCKETS[0]} to {BUCKETS[1]}")


def _check_event_feed(faults: Faults, field: str, given: pb.EventFeed, variables: Collection[str]) -> None:
    _check_subscription(faults, f"{field}.selection", live_pb2.Subscription(events=given.selection), variables)
    faults.names(f"{field}.columns", given.columns, MOST_COLUMNS, LONGEST_COLUMN)


def _check_log_view(faults: Faults, field: str, given: pb.LogView, variables: Collection[str]) -> None:
    _check_subscription(faults, f"{field}.selection", live_pb2.Subscription(logs=given.selection), variables)


def _check_subscription(faults: Faults, field: str, given: live_pb2.Subscription, variables: Collection[str]) -> None:
    """The same rules as where it is subscribed to."""
    source = str(given.WhichOneof("source"))
    try:
        wanted_from(given, "", alone=True)
    except InvalidInput as fault:
        for one in fault.violations:
            faults.require(False, f"{field}.{one.field.removeprefix(source + '.')}", f"must be {one.description}")
    selection = getattr(given, source)
    for name in _CHOSEN:
        if name in selection.DESCRIPTOR.fields_by_name:
            check_values(faults, f"{field}.{name}", getattr(selection, name), variables)


def _check_alert_list(faults: Faults, field: str, given: pb.AlertList, variables: Collection[str]) -> None:
    for place, severity in enumerate(given.severities):
        _check_severity(faults, f"{field}.severities[{place}]", severity)
    matchers_in(faults, f"{field}.matchers", given.matchers)
    check_matchers(faults, f"{field}.matchers", given.matchers, variables)


def _check_markdown(faults: Faults, field: str, given: pb.Markdown, variables: Collection[str]) -> None:
    faults.text(f"{field}.text", given.text, LONGEST_MARKDOWN)


CHARTS = ("line", "area", "bar", "stacked")
KINDS = tuple(field.name for field in pb.Widget.DESCRIPTOR.oneofs_by_name["kind"].fields)
_CHECKS: Mapping[str, Callable[[Faults, str, Any, Collection[str]], None]] = {
    **dict.fromkeys(CHARTS, _check_chart),
    "number": _check_number,
    "gauge": _check_gauge,
    "table": _check_table,
    "top_list": _check_top_list,
    "histogram": _check_histogram,
    "event_feed": _check_event_feed,
    "log_view": _check_log_view,
    "alert_list": _check_alert_list,
    "markdown": _check_markdown,
}
