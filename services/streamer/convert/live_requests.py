"""What clients of live connections ask for, from the wire."""

from collections.abc import Sequence
from typing import Final

from binnacle.live.v1 import live_pb2 as pb
from binnacle.logs.v1.logs_pb2 import LogLevel
from binnacle.query.v1 import filters_pb2
from binnacle.streamer.v1.live_service_pb2 import FollowRequest
from services.core.errors import InvalidInput
from services.runtime.times import seconds_of
from services.streamer.convert.positions import standing_from
from services.streamer.domain.feeds import ROOMS, Feed
from services.streamer.domain.selections import Condition, Operator, Selection, Value
from services.streamer.domain.session import Wanted
from services.streamer.ports import NamedFigures, Question

MOST_VALUES: Final = 100
MOST_CONDITIONS: Final = 20
MOST_NAMES: Final = 8
MOST_FIGURES: Final = 20
LONGEST_NAME: Final = 1_000
LONGEST_ID: Final = 100
LONGEST_TEXT: Final = 1_000
DAY: Final = 86_400.0
MOST_SECONDS: Final = 31 * DAY
USUAL_SECONDS: Final = 3_600.0
USUAL_INTERVAL: Final = 5.0
INTERVALS: Final = (1.0, 3_600.0)

_NEEDS_NO_VALUE: Final = (Operator.EXISTS, Operator.ABSENT)
_ORDERS: Final = (Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL)


def wanted_from(subscription: pb.Subscription, tenant: str, *, alone: bool = False) -> Wanted:
    """A subscription of a tenant. Raises InvalidInput naming what breaks its rule."""
    if len(subscription.id) > LONGEST_ID or not (subscription.id or alone):
        raise InvalidInput.of("id", f"1 to {LONGEST_ID} characters")
    name, feeds = _feeds(subscription)
    since = standing_from(subscription.position, tenant) if subscription.position else None
    return Wanted(subscription.id, (name,), feeds, since)


def followed_from(request: FollowRequest, tenant: str) -> Wanted:
    """What is asked for in a URL. Raises InvalidInput naming what breaks its rule."""
    asked = pb.Subscription(position=request.position)
    others = [field.name for field, _value in request.ListFields() if field.name not in ("room", "position")]
    if request.room:
        if others:
            raise InvalidInput.of(others[0], "nothing beside a room")
        asked.room = request.room
    elif request.levels or request.text:
        if request.types or request.user_ids or request.session_ids:
            raise InvalidInput.of("types", "types, persons and sessions are of events, levels and text of log lines")
        asked.logs.CopyFrom(pb.LogSelection(levels=request.levels, services=request.services, text=request.text))
    else:
        asked.events.CopyFrom(
            pb.EventSelection(
                types=request.types,
                services=request.services,
                user_ids=request.user_ids,
                session_ids=request.session_ids,
            )
        )
    return wanted_from(asked, tenant, alone=True)


def _feeds(subscription: pb.Subscription) -> tuple[str, tuple[Feed, ...]]:
    match subscription.WhichOneof("source"):
        case "room":
            if subscription.room not in ROOMS:
                raise InvalidInput.of("room", f"one of {', '.join(ROOMS)}")
            return subscription.room, ROOMS[subscription.room]
        case "events":
            return "events", (_events(subscription.events),)
        case "logs":
            return "logs", (_logs(subscription.logs),)
        case "query":
            return "query", (_question(subscription.query),)
        case "figures":
            return "figures", (_figures(subscription.figures),)
        case _:
            raise InvalidInput.of("source", "a room, events, logs, a query or figures")


def _events(selection: pb.EventSelection) -> Selection:
    return Selection(
        kinds=_values(selection.types, "events.types"),
        services=_values(selection.services, "events.services"),
        user_ids=_values(selection.user_ids, "events.user_ids"),
        session_ids=_values(selection.session_ids, "events.session_ids"),
        conditions=_conditions(selection.attributes, "events.attributes"),
    )


def _logs(selection: pb.LogSelection) -> Selection:
    if len(selection.text) > LONGEST_TEXT:
        raise InvalidInput.of("logs.text", f"at most {LONGEST_TEXT:,} characters")
    try:
        levels = [LogLevel.Name(level) for level in selection.levels]
    except ValueError as error:
        raise InvalidInput.of("logs.levels", "levels of the contract") from error
    return Selection(
        logs=True,
        kinds=_values(levels, "logs.levels"),
        services=_values(selection.services, "logs.services"),
        text=selection.text,
        conditions=_conditions(selection.attributes, "logs.attributes"),
    )


def _question(selection: pb.QuerySelection) -> Question:
    query = selection.query
    if query.HasField("start_time") or query.HasField("end_time"):
        raise InvalidInput.of("query.query", "no start and no end: the range always ends now")
    seconds = seconds_of(selection.range) if selection.HasField("range") else USUAL_SECONDS
    if not 0 < seconds <= MOST_SECONDS:
        raise InvalidInput.of("query.range", "above 0, at most 31 days")
    return Question(query.SerializeToString(deterministic=True), seconds, _interval(selection, "query"))


def _figures(selection: pb.FigureSelection) -> NamedFigures:
    names = tuple(selection.names)
    if not 0 < len(names) <= MOST_FIGURES or len(set(names)) < len(names):
        raise InvalidInput.of("figures.names", f"1 to {MOST_FIGURES}, all different")
    if not all(0 < len(name) <= LONGEST_NAME for name in names):
        raise InvalidInput.of("figures.names", f"each 1 to {LONGEST_NAME:,} characters")
    seconds = seconds_of(selection.range) if selection.HasField("range") else USUAL_SECONDS
    if not 1 <= seconds <= MOST_SECONDS:
        raise InvalidInput.of("figures.range", "1 second to 31 days")
    step = seconds_of(selection.step)
    if not 0 <= step <= MOST_SECONDS or step % 1:
        raise InvalidInput.of("figures.step", "whole seconds, at most 31 days")
    return NamedFigures(names, seconds, int(step), _interval(selection, "figures"))


def _interval(selection: pb.QuerySelection | pb.FigureSelection, field: str) -> float:
    interval = seconds_of(selection.interval) if selection.HasField("interval") else USUAL_INTERVAL
    if not INTERVALS[0] <= interval <= INTERVALS[1]:
        raise InvalidInput.of(f"{field}.interval", "1 second to 1 hour")
    return interval


def _values(values: Sequence[str], field: str) -> tuple[str, ...]:
    if len(values) > MOST_VALUES:
        raise InvalidInput.of(field, f"at most {MOST_VALUES}")
    return tuple(sorted(set(values)))


def _conditions(conditions: Sequence[filters_pb2.AttributeCondition], field: str) -> tuple[Condition, ...]:
    if len(conditions) > MOST_CONDITIONS:
        raise InvalidInput.of(field, f"at most {MOST_CONDITIONS}")
    return tuple(_condition(condition, f"{field}[{number}]") for number, condition in enumerate(conditions))


def _condition(condition: filters_pb2.AttributeCondition, field: str) -> Condition:
    if not 1 <= len(condition.path) <= MOST_NAMES:
        raise InvalidInput.of(f"{field}.path", f"1 to {MOST_NAMES} names")
    known = filters_pb2.AttributeCondition.Operator.values()
    if condition.operator not in known:
        raise InvalidInput.of(f"{field}.operator", f"one of 0 to {max(known)}")
    name = filters_pb2.AttributeCondition.Operator.Name(condition.operator).removeprefix("OPERATOR_")
    operator = Operator.EQUAL if name == "UNSPECIFIED" else Operator[name]
    value = _value(condition)
    if (value is None) != (operator in _NEEDS_NO_VALUE):
        raise InvalidInput.of(f"{field}.value", "a value, but for EXISTS and ABSENT, which have none")
    if operator in _ORDERS and isinstance(value, bool):
        raise InvalidInput.of(f"{field}.flag", "is equal or not")
    return Condition(tuple(condition.path), operator, value)


def _value(condition: filters_pb2.AttributeCondition) -> Value | None:
    match condition.WhichOneof("value"):
        case "text":
            return condition.text
        case "number":
            return condition.number
        case "flag":
            return condition.flag
        case _:
            return None
