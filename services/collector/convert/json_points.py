"""JSON objects of the four intake paths, and the columns they become."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from services.collector.convert import attributes, json_bodies, times
from services.collector.convert.json_bodies import Body
from services.collector.domain.columns import (
    DELTA,
    GAUGE,
    EventColumns,
    HeartbeatColumns,
    LabelledColumns,
    LogColumns,
    SeriesDefinition,
    Times,
    Values,
)
from services.collector.domain.intake import Draft, Fault
from services.collector.domain.places import LabelledPlaces, MetricPlaces, Places
from services.collector.domain.redaction import Redactor
from services.core.conventions import ERRORS, REQUESTS, SERVICE_KIND

Timestamp = str | float | None
Attributes = dict[str, Any] | None

LEVELS = {"debug": 1, "info": 2, "warning": 3, "warn": 3, "error": 4, "critical": 5, "fatal": 5}
INFO = 2
NO_LEVEL = 255


class EventBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One event; only `type` is required."""

    type: str
    service: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    timestamp: Timestamp = None
    data: Attributes = None


class MetricBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One metric value; `name` and `value` are required."""

    name: str
    value: float
    unit: str | None = None
    tags: Attributes = None
    timestamp: Timestamp = None


class FiguresBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What a service tells about itself."""

    request_count: float | None = None
    error_count: float | None = None
    avg_latency: float | None = None
    uptime: float | None = None


class HeartbeatBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One heartbeat; `service` and `status` are required."""

    service: str
    status: str
    kind: str | None = None
    timestamp: Timestamp = None
    metrics: FiguresBody | None = None


class LogBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One log line; only `message` is required."""

    message: str
    level: str | None = None
    service: str | None = None
    timestamp: Timestamp = None
    trace_id: str | None = None
    attributes: Attributes = None


def events(content_type: str, body: bytes, now: float, secrets: Redactor) -> Draft[EventColumns, Places]:
    """The events of a body; `now` in Unix seconds is the time of those that carry none."""
    decoded = json_bodies.decode(content_type, body, EventBody, "events")
    items, faults = decoded.items, _Faults()
    columns = EventColumns(
        faults.times([item.timestamp for item in items], now),
        [item.type for item in items],
        [item.service or "" for item in items],
        [item.user_id or "" for item in items],
        [item.session_id or "" for item in items],
        faults.attributes([item.data for item in items], "data", secrets),
    )
    return Draft(columns, decoded.places, faults.found, decoded.undecodable)


def logs(content_type: str, body: bytes, now: float, secrets: Redactor) -> Draft[LogColumns, Places]:
    """The log lines of a body."""
    decoded = json_bodies.decode(content_type, body, LogBody, "logs")
    items, faults = decoded.items, _Faults()
    columns = LogColumns(
        faults.times([item.timestamp for item in items], now),
        faults.levels([item.level for item in items]),
        [item.service or "" for item in items],
        [item.message for item in items],
        [(item.trace_id or "").lower() for item in items],
        faults.attributes([item.attributes for item in items], "attributes", secrets),
    )
    return Draft(columns, decoded.places, faults.found, decoded.undecodable)


def heartbeats(content_type: str, body: bytes, now: float) -> Draft[HeartbeatColumns, Places]:
    """The heartbeats of a body."""
    decoded = json_bodies.decode(content_type, body, HeartbeatBody, "heartbeats")
    items, faults = decoded.items, _Faults()
    figures = [item.metrics or FiguresBody() for item in items]
    columns = HeartbeatColumns(
        faults.times([item.timestamp for item in items], now),
        [item.service for item in items],
        [item.status for item in items],
        [item.kind or SERVICE_KIND for item in items],
        _told([figure.request_count for figure in figures]),
        _told([figure.error_count for figure in figures]),
        _told([figure.avg_latency for figure in figures]),
        _told([figure.uptime for figure in figures]),
    )
    return Draft(columns, decoded.places, faults.found, decoded.undecodable)


def metrics(content_type: str, body: bytes, now: float, secrets: Redactor) -> Draft[LabelledColumns, LabelledPlaces]:
    """The metric values of a body, each a sample of the series that its name and tags make."""
    decoded: Body[MetricBody] = json_bodies.decode(content_type, body, MetricBody, "metrics")
    items, faults = decoded.items, _Faults()
    columns = LabelledColumns(
        [_definition(row, item, faults, secrets) for row, item in enumerate(items)],
        np.arange(len(items)),
        faults.times([item.timestamp for item in items], now) // 1_000,
        np.array([item.value for item in items], dtype=np.float64),
    )
    return Draft(columns, MetricPlaces(decoded.places), faults.found, decoded.undecodable)


def _definition(row: int, item: MetricBody, faults: "_Faults", secrets: Redactor) -> SeriesDefinition:
    kind = DELTA if item.name in (REQUESTS, ERRORS) else GAUGE
    return SeriesDefinition(item.name, faults.labels(row, item.tags, secrets), kind, item.unit or "")


def _told(figures: Sequence[float | None]) -> Values:
    return np.array([np.nan if figure is None else figure for figure in figures], dtype=np.float64)


class _Faults:
    """Decodes what needs a judgement, and notes the rows it fails for."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def times(self, timestamps: Sequence[Timestamp], now: float) -> Times:
        now_us = int(now * 1_000_000)
        return np.array([self._time(row, given, now_us) for row, given in enumerate(timestamps)], dtype=np.int64)

    def _time(self, row: int, timestamp: Timestamp, now_us: int) -> int:
        if timestamp is None:
            return now_us
        try:
            return times.from_json(timestamp)
        except times.BadTime as bad:
            self.found.append((row, "time", str(bad)))
            return now_us

    def attributes(self, column: Sequence[Attributes], field: str, secrets: Redactor) -> list[str]:
        return [self._attributes(row, given, field, secrets) for row, given in enumerate(column)]

    def _attributes(self, row: int, given: Attributes, field: str, secrets: Redactor) -> str:
        try:
            return attributes.json_text(given, secrets)
        except attributes.BadAttributes as bad:
            self.found.append((row, field, str(bad)))
            return attributes.EMPTY

    def levels(self, names: Sequence[str | None]) -> "np.ndarray[Any, np.dtype[np.uint8]]":
        numbers = [INFO if name is None else LEVELS.get(name.lower(), NO_LEVEL) for name in names]
        for row, number in enumerate(numbers):
            if number == NO_LEVEL:
                self.found.append((row, "level", f"must be one of {', '.join(LEVELS)}"))
        return np.array(numbers, dtype=np.uint8)

    def labels(self, row: int, tags: Attributes, secrets: Redactor) -> tuple[tuple[str, str], ...]:
        labels: dict[str, str] = {}
        for name, value in sorted((tags or {}).items()):
            text = _TEXTS.get(type(value), _no_text)(value)
            if text is None and value is not None:
                self.found.append((row, f"tags.{name}", "must be string, number or boolean"))
            elif text is not None:
                labels[name] = text
        return tuple(secrets.labels(labels).items())


def _no_text(_value: object) -> None:
    return None


_TEXTS: dict[type, Callable[[Any], str | None]] = {
    str: str,
    int: str,
    float: lambda value: str(int(value)) if value.is_integer() and abs(value) < attributes.EXACT else repr(value),
    bool: lambda value: "true" if value else "false",
}
