"""One JSON object a line, as POST /metrics and POST /events take them; each line may be either."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.events.v1.events_pb2 import Event
from binnacle.metrics.v1.metrics_pb2 import METRIC_KIND_DELTA
from services.core.conventions import ERRORS, REQUESTS
from services.launcher.importing.chunks import Chunk, Gathering, Labels
from services.launcher.importing.faults import BadFile, Place
from services.launcher.importing.tables import KINDS, Columns
from services.launcher.importing.values import BadValue, time_ms

LONGEST_LINE = 1 << 20


class MetricLine(msgspec.Struct, forbid_unknown_fields=True):
    """A metric value of a certain time."""

    name: str
    value: float
    timestamp: str | float
    unit: str | None = None
    tags: dict[str, str | int | float | bool | None] | None = None


class EventLine(msgspec.Struct, forbid_unknown_fields=True):
    """An event of a certain time."""

    type: str
    timestamp: str | float
    service: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    data: dict[str, Any] | None = None


class _Told(msgspec.Struct):
    """What tells an event from a metric value."""

    type: Any = None


_told = msgspec.json.Decoder(_Told)
_metric = msgspec.json.Decoder(MetricLine)
_event = msgspec.json.Decoder(EventLine)


def chunks(path: Path, columns: Columns) -> Iterator[Chunk]:
    """The metric values and events of a file. Raises BadFile."""
    gathering, line, done = Gathering(), 0, 0
    with path.open("rb") as file:
        while text := file.readline(LONGEST_LINE):
            line, done = line + 1, done + len(text)
            if len(text) == LONGEST_LINE:
                raise BadFile(Place(path, line), f"is longer than {LONGEST_LINE >> 20} MiB")
            if text.strip():
                _take(Place(path, line), text, columns, gathering)
            if gathering.full():
                yield from gathering.taken(done)
    yield from gathering.taken(done)


def _take(place: Place, text: bytes, columns: Columns, gathering: Gathering) -> None:
    try:
        if _told.decode(text).type is None:
            _take_metric(_metric.decode(text), columns, gathering, place.line)
        else:
            gathering.event(_message(_event.decode(text)), place.line)
    except BadValue as bad:
        raise BadFile(Place(place.path, place.line, "timestamp"), str(bad)) from bad
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadFile(place, str(error)) from error


def _take_metric(metric: MetricLine, columns: Columns, gathering: Gathering, line: int) -> None:
    kind = METRIC_KIND_DELTA if metric.name in (REQUESTS, ERRORS) else KINDS[columns.kind]
    key = (metric.name, _labels(metric.tags or {}), kind, metric.unit or columns.unit)
    gathering.sample(key, time_ms(metric.timestamp), metric.value, line)


def _labels(tags: dict[str, str | int | float | bool | None]) -> Labels:
    return tuple(sorted((name, _text(value)) for name, value in tags.items() if value is not None))


def _text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2.0**53:
        return str(int(value))
    return value if isinstance(value, str) else repr(value)


def _message(event: EventLine) -> Event:
    at_ms = time_ms(event.timestamp)
    made = Event(
        type=event.type,
        service=event.service or "",
        user_id=event.user_id or "",
        session_id=event.session_id or "",
        time=Timestamp(seconds=at_ms // 1_000, nanos=at_ms % 1_000 * 1_000_000),
    )
    if event.data:
        made.data.update(event.data)
    return made
