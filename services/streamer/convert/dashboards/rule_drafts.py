"""Alerting rules that watch what widgets show."""

from collections.abc import Mapping, Sequence

from binnacle.alerts.v1 import alerts_pb2
from binnacle.dashboards.v1 import widgets_pb2 as pb
from binnacle.query.v1 import filters_pb2, query_pb2
from binnacle.rules.v1 import rules_pb2
from services.core import conventions
from services.core.errors import InvalidInput
from services.core.event_figures import event_figure
from services.runtime.event_conditions import conditions_from
from services.runtime.times import duration
from services.streamer.convert.dashboards.query_parts import MINUTES, average, event_in, grouped, summed
from services.streamer.ports.catalogue import Metric

REQUESTS_TO_JUDGE = 20
_MACHINES = {
    "system_cpu_usage": conventions.SYSTEM_CPU,
    "system_memory_usage": conventions.SYSTEM_MEMORY,
    "system_disk_usage": conventions.SYSTEM_DISK,
    "network_receive_bytes_per_second": conventions.SYSTEM_RECEIVE,
    "network_transmit_bytes_per_second": conventions.SYSTEM_TRANSMIT,
}
_QUANTILES = {"p50_latency_ms": 0.5, "p95_latency_ms": 0.95, "p99_latency_ms": 0.99}
_EVENTS: Mapping[str, Sequence[str]] = {
    "messages_sent": (conventions.MESSAGE_SENT_EVENT,),
    "messages_received": (conventions.MESSAGE_RECEIVED_EVENT,),
    "conversations_started": (conventions.CONVERSATION_STARTED_EVENT,),
    "tickets_created": (conventions.TICKET_CREATED_EVENT,),
    "conversions": (conventions.CONVERSION_EVENT,),
    "purchases": (conventions.PURCHASE_EVENT,),
    "searches": conventions.SEARCH_EVENTS,
    "ai_calls": (conventions.AI_EVENT,),
}
_Attribute = filters_pb2.AttributeCondition
_OPERATORS = {
    _Attribute.OPERATOR_UNSPECIFIED: query_pb2.EventCondition.OPERATOR_EQUAL,
    _Attribute.OPERATOR_EQUAL: query_pb2.EventCondition.OPERATOR_EQUAL,
    _Attribute.OPERATOR_NOT_EQUAL: query_pb2.EventCondition.OPERATOR_NOT_EQUAL,
    _Attribute.OPERATOR_LESS: query_pb2.EventCondition.OPERATOR_LESS,
    _Attribute.OPERATOR_LESS_OR_EQUAL: query_pb2.EventCondition.OPERATOR_AT_MOST,
    _Attribute.OPERATOR_GREATER: query_pb2.EventCondition.OPERATOR_GREATER,
    _Attribute.OPERATOR_GREATER_OR_EQUAL: query_pb2.EventCondition.OPERATOR_AT_LEAST,
    _Attribute.OPERATOR_EXISTS: query_pb2.EventCondition.OPERATOR_PRESENT,
    _Attribute.OPERATOR_ABSENT: query_pb2.EventCondition.OPERATOR_ABSENT,
}


def comparison(below: bool) -> rules_pb2.Comparison.ValueType:
    """Which side is bad."""
    return rules_pb2.COMPARISON_BELOW if below else rules_pb2.COMPARISON_ABOVE


def query_condition(
    query: query_pb2.TimeSeriesQuery, name: str, *, below: bool
) -> tuple[rules_pb2.Condition, Sequence[str]]:
    """A condition on one expression of a query, and what differs from what the widget shows."""
    needed: list[query_pb2.Expression] = []
    wanted = {name}
    for one in reversed(query.expressions):
        if one.name in wanted:
            needed.insert(0, one)
            sides = (one.calculation.left, one.calculation.right)
            wanted |= {side.expression for side in sides if side.WhichOneof("kind") == "expression"}
    expressions = [query_pb2.Expression() for _one in needed]
    for made, one in zip(expressions, needed, strict=True):
        made.CopyFrom(one)
    notices = []
    if expressions[-1].HasField("ranking"):
        expressions[-1].ClearField("ranking")
        notices.append("The rule watches every series, not only those that rank first.")
    expressions[-1].hidden = False
    if any(one.HasField("selection") and not one.selection.HasField("window") for one in expressions):
        notices.append("Each value is of the last 5 minutes, since the widget names no window.")
    threshold = rules_pb2.Threshold(expressions=expressions, comparison=comparison(below))
    return rules_pb2.Condition(threshold=threshold), notices


def figure_condition(name: str, metric: Metric | None, *, below: bool) -> rules_pb2.Condition:
    """A condition on a figure, or a metric as it was sent. Raises InvalidInput for one that no rule can watch."""
    side = comparison(below)
    if name == "error_rate":
        return rules_pb2.Condition(
            ratio=rules_pb2.Ratio(
                part=summed(conventions.TRAFFIC_ERRORS),
                whole=summed(conventions.TRAFFIC_REQUESTS),
                minimum_whole=REQUESTS_TO_JUDGE,
                comparison=side,
            )
        )
    counted = {"type": _EVENTS[name]} if name in _EVENTS else _named_events(name)
    if counted:
        conditions = [event_in(field, values) for field, values in counted.items()]
        rate = rules_pb2.EventRate(conditions=conditions, window=duration(MINUTES), comparison=side)
        return rules_pb2.Condition(event_rate=rate)
    if (selection := _selection(name, metric)) is None:
        raise InvalidInput.of(
            "widget", f"no rule can watch {name}: let the widget ask a query about a metric instead, or watch events"
        )
    expression = query_pb2.Expression(name="a", selection=selection)
    return rules_pb2.Condition(threshold=rules_pb2.Threshold(expressions=[expression], comparison=side))


def _named_events(name: str) -> Mapping[str, Sequence[str]]:
    wanted = event_figure(name)
    return {} if wanted is None else {field: (value,) for field, value in wanted.only.items()}


def _selection(name: str, metric: Metric | None) -> query_pb2.Selection | None:
    if name == "requests":
        return summed(conventions.TRAFFIC_REQUESTS)
    if name == "errors":
        return summed(conventions.TRAFFIC_ERRORS)
    if name == "requests_per_second":
        return grouped(conventions.TRAFFIC_REQUESTS, query_pb2.FUNCTION_RATE, query_pb2.Grouping.AGGREGATION_SUM)
    if name == "average_latency_ms":
        return grouped(conventions.TRAFFIC_LATENCY, query_pb2.FUNCTION_AVERAGE, query_pb2.Grouping.AGGREGATION_AVERAGE)
    if name in _QUANTILES:
        greatest = query_pb2.Grouping.AGGREGATION_MAXIMUM
        made = grouped(conventions.TRAFFIC_LATENCY, query_pb2.FUNCTION_QUANTILE, greatest)
        made.quantile = _QUANTILES[name]
        return made
    if name in _MACHINES:
        by = (conventions.HOST_LABEL,)
        greatest = query_pb2.Grouping.AGGREGATION_MAXIMUM
        return grouped(_MACHINES[name], query_pb2.FUNCTION_AVERAGE, greatest, by)
    return None if metric is None else average(metric)


def event_condition(given: pb.EventFeed) -> rules_pb2.Condition:
    """A condition on the events of a feed. Raises InvalidInput for a feed of all events."""
    selection, field = given.selection, "widget.event_feed.selection"
    chosen = (("type", selection.types), ("service", selection.services))
    people = (("user_id", selection.user_ids), ("session_id", selection.session_ids))
    conditions = [event_in(name, values) for name, values in (*chosen, *people) if values]
    conditions += [_attribute(f"{field}.attributes[{place}]", one) for place, one in enumerate(selection.attributes)]
    if not conditions:
        raise InvalidInput.of(field, "must choose types, services or attributes: a rule on every event never rests")
    conditions_from(field, conditions, least=1)
    return rules_pb2.Condition(event_match=rules_pb2.EventMatch(conditions=conditions))


def _attribute(field: str, given: _Attribute) -> query_pb2.EventCondition:
    value = given.WhichOneof("value")
    if value == "flag":
        values = [str(given.flag).lower()]
    elif value == "number":
        values = [f"{given.number:.17g}"]
    else:
        values = [given.text] if value else []
    made = query_pb2.EventCondition(
        field=".".join(["data", *given.path]), operator=_OPERATORS[given.operator], values=values
    )
    conditions_from(field, [made])
    return made


def levels_of(marks: Sequence[pb.Mark], *, below: bool) -> list[rules_pb2.Level]:
    """Levels at the marks of one side, of each severity the mildest, the gravest first."""
    found: dict[alerts_pb2.Severity.ValueType, float] = {}
    mildest = max if below else min
    for mark in marks:
        if mark.below == below:
            found[mark.severity] = mildest(mark.value, found.get(mark.severity, mark.value))
    graver = None
    levels: list[rules_pb2.Level] = []
    for severity in (alerts_pb2.SEVERITY_CRITICAL, alerts_pb2.SEVERITY_WARNING, alerts_pb2.SEVERITY_INFO):
        value = found.get(severity)
        # A milder mark beyond a graver one says nothing.
        if value is None or (graver is not None and (value <= graver if below else value >= graver)):
            continue
        graver = value
        levels.append(rules_pb2.Level(severity=severity, threshold=value))
    return levels
