"""Intake messages to columns, and outcomes to answers."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.events.v1 import events_pb2
from binnacle.logs.v1 import logs_pb2
from binnacle.metrics.v1 import metrics_pb2
from services.collector.convert import attributes, times
from services.collector.domain.columns import (
    GAUGE,
    EventColumns,
    HeartbeatColumns,
    LabelledColumns,
    LogColumns,
    SeriesDefinition,
    Values,
)
from services.collector.domain.inspection import FIRST, Refused
from services.collector.domain.intake import Draft, Fault, Outcome
from services.collector.domain.places import LabelledPlaces, ListPlaces, Places, SeriesPlaces
from services.collector.domain.redaction import Redactor
from services.core.conventions import SERVICE_KIND
from services.core.errors import InvalidInput, Violation

MAX_POINTS = 10_000
MAX_HEARTBEATS = 1_000
MAX_SAMPLES = 100_000
INFO = 2
# Levels fill one byte; a number outside of it is no level either.
NO_LEVEL = 255

Answer = TypeVar("Answer")


def check_count(count: int, limit: int, field: str) -> None:
    """Raises InvalidInput when a list is empty or too long."""
    if not 1 <= count <= limit:
        raise InvalidInput.of(field, f"must be 1 to {limit:,}, not {count:,}")


def rejections(refused: Refused) -> list[pb.Rejection]:
    """The faults that an answer names."""
    return [pb.Rejection(field=fault.field, description=fault.description) for fault in refused.first]


def answer(response: Callable[..., Answer], outcome: Outcome) -> Answer:
    """An answer of the shape that all unary calls share."""
    refused = outcome.refused
    return response(accepted=outcome.accepted, rejected=refused.count, rejections=rejections(refused))


def definition(series: metrics_pb2.SeriesDefinition, secrets: Redactor) -> SeriesDefinition:
    """A series as the domain knows it."""
    labels = tuple(sorted(secrets.labels(dict(series.labels)).items()))
    return SeriesDefinition(series.name, labels, series.kind or GAUGE, series.unit)


def events(request: Sequence[events_pb2.Event], now: float, secrets: Redactor) -> Draft[EventColumns, Places]:
    """Events as columns; `now` in Unix seconds is the time of those that carry none."""
    check_count(len(request), MAX_POINTS, "events")
    faults: list[Fault] = []
    columns = EventColumns(
        _times(request, now, faults),
        [event.type for event in request],
        [event.service for event in request],
        [event.user_id for event in request],
        [event.session_id for event in request],
        _attributes([event.data for event in request], "data", faults, secrets),
    )
    return Draft(columns, ListPlaces("events"), faults)


def logs(request: Sequence[logs_pb2.LogRecord], now: float, secrets: Redactor) -> Draft[LogColumns, Places]:
    """Log lines as columns."""
    check_count(len(request), MAX_POINTS, "logs")
    faults: list[Fault] = []
    levels = [line.level or INFO for line in request]
    columns = LogColumns(
        _times(request, now, faults),
        np.array([level if 0 <= level < NO_LEVEL else NO_LEVEL for level in levels], dtype=np.uint8),
        [line.service for line in request],
        [line.message for line in request],
        [line.trace_id.lower() for line in request],
        _attributes([line.attributes for line in request], "attributes", faults, secrets),
    )
    return Draft(columns, ListPlaces("logs"), faults)


def heartbeats(request: Sequence[events_pb2.Heartbeat], now: float) -> Draft[HeartbeatColumns, Places]:
    """Heartbeats as columns."""
    check_count(len(request), MAX_HEARTBEATS, "heartbeats")
    faults: list[Fault] = []

    def figures(read: Callable[[events_pb2.HeartbeatMetrics], float], field: str) -> Values:
        told = [read(beat.metrics) if beat.HasField("metrics") else None for beat in request]
        faults.extend(
            (row, f"metrics.{field}", "must be finite and not negative")
            for row, figure in enumerate(told)
            if figure is not None and np.isnan(figure)
        )
        return np.array([np.nan if figure is None else figure for figure in told], dtype=np.float64)

    columns = HeartbeatColumns(
        _times(request, now, faults),
        [beat.service for beat in request],
        [beat.status for beat in request],
        [beat.kind or SERVICE_KIND for beat in request],
        figures(lambda metrics: metrics.request_count, "request_count"),
        figures(lambda metrics: metrics.error_count, "error_count"),
        figures(lambda metrics: metrics.avg_latency, "avg_latency"),
        figures(lambda metrics: metrics.uptime, "uptime"),
    )
    return Draft(columns, ListPlaces("heartbeats"), faults)


def labelled(
    request: Sequence[metrics_pb2.LabelledSeries], secrets: Redactor
) -> Draft[LabelledColumns, LabelledPlaces]:
    """Series with their samples. A series whose columns differ in length is refused with its samples."""
    check_count(len(request), MAX_POINTS, "series")
    total = sum(len(series.values) for series in request)
    if total > MAX_SAMPLES:
        raise InvalidInput.of("series", f"must hold at most {MAX_SAMPLES:,} samples, not {total:,}")
    numbers = [n for n, series in enumerate(request) if 0 < len(series.values) == len(series.times_unix_ms)]
    whole = [request[number] for number in numbers]
    sizes = [len(series.values) for series in whole]
    columns = LabelledColumns(
        [definition(series.series, secrets) for series in whole],
        np.repeat(np.arange(len(whole)), sizes),
        _joined([np.array(series.times_unix_ms, dtype=np.int64) for series in whole], np.int64),
        _joined([np.array(series.values, dtype=np.float64) for series in whole], np.float64),
    )
    return Draft(columns, SeriesPlaces(_Origins(sizes), numbers), undecodable=_ragged(request, set(numbers)))


def _joined(columns: list[Any], form: Any) -> Any:
    return np.concatenate(columns) if columns else np.empty(0, dtype=form)


def _ragged(request: Sequence[metrics_pb2.LabelledSeries], whole: set[int]) -> Refused:
    ragged = [(number, series) for number, series in enumerate(request) if number not in whole]
    first = [
        Violation(
            f"series[{number}].values",
            f"must be as many as times, at least one: {len(series.values)} values, {len(series.times_unix_ms)} times",
        )
        for number, series in ragged[:FIRST]
    ]
    return Refused(sum(max(len(series.values), 1) for _number, series in ragged), tuple(first))


class _Origins(Sequence[tuple[int, int]]):
    """Series and place within it of each row, worked out only for the rows that are asked for."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._ends = np.cumsum(sizes)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, row: Any) -> Any:
        number = int(np.searchsorted(self._ends, row, side="right"))
        return number, row - (int(self._ends[number - 1]) if number else 0)


def _times(points: Sequence[Any], now: float, faults: list[Fault]) -> Any:
    now_us = int(now * 1_000_000)
    column = [
        _time(row, point.time, faults, now_us) if point.HasField("time") else now_us for row, point in enumerate(points)
    ]
    return np.array(column, dtype=np.int64)


def _time(row: int, time: Timestamp, faults: list[Fault], now_us: int) -> int:
    try:
        return times.from_proto(time)
    except times.BadTime as bad:
        faults.append((row, "time", str(bad)))
        return now_us


def _attributes(column: Sequence[Struct], field: str, faults: list[Fault], secrets: Redactor) -> list[str]:
    texts = []
    for row, given in enumerate(column):
        try:
            texts.append(attributes.struct_text(given, secrets))
        except attributes.BadAttributes as bad:
            faults.append((row, field, str(bad)))
            texts.append(attributes.EMPTY)
    return texts
