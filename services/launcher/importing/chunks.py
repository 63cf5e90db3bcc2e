"""Points of a file in chunks, the same whenever it is read."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from binnacle.events.v1.events_pb2 import Event
from binnacle.metrics.v1.metrics_pb2 import LabelledSeries, MetricKind

MAX_SAMPLES = 10_000
MAX_EVENTS = 2_000
MAX_EVENT_BYTES = 2 << 20
DIGEST_BYTES = 16

Labels = tuple[tuple[str, str], ...]
SeriesKey = tuple[str, Labels, int, str]


@dataclass(frozen=True, slots=True)
class Chunk:
    """So many points, sent at once; `lines` holds where each sample of each series stood, `event_lines` each event."""

    number: int
    series: Sequence[LabelledSeries]
    lines: "Sequence[array[int]]"
    events: Sequence[Event]
    event_lines: "array[int]"
    done: int

    @property
    def points(self) -> int:
        """How many points."""
        return sum(map(len, self.lines)) + len(self.events)

    def digest(self) -> bytes:
        """What tells this chunk from every other, whatever follows it in the file."""
        digest = blake2b(self.number.to_bytes(8, "little"), digest_size=DIGEST_BYTES)
        for message in (*self.series, *self.events):
            encoded = message.SerializeToString(deterministic=True)
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
        return digest.digest()


@dataclass(slots=True)
class _Open:
    """A series of the chunk in the making."""

    times: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    lines: "array[int]" = field(default_factory=lambda: array("q"))


class Gathering:
    """Collects points into chunks; `done` is how much of the file was read when a chunk was complete."""

    def __init__(self) -> None:
        self._number = 0
        self._start()

    def _start(self) -> None:
        self._series: dict[SeriesKey, _Open] = {}
        self._samples = 0
        self._events: list[Event] = []
        self._event_lines: array[int] = array("q")
        self._event_bytes = 0

    def sample(self, key: SeriesKey, time_ms: int, value: float, line: int) -> None:
        """Add a sample of the series of this name, labels, kind and unit."""
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _Open()
        series.times.append(time_ms)
        series.values.append(value)
        series.lines.append(line)
        self._samples += 1

    def event(self, event: Event, line: int) -> None:
        """Add an event."""
        self._events.append(event)
        self._event_lines.append(line)
        self._event_bytes += event.ByteSize()

    def full(self) -> bool:
        """Whether the chunk is to be taken."""
        return self._samples >= MAX_SAMPLES or len(self._events) >= MAX_EVENTS or self._event_bytes >= MAX_EVENT_BYTES

    def taken(self, done: int) -> Iterator[Chunk]:
        """The chunk as it is, if there is anything in it."""
        if not self._samples and not self._events:
            return
        series = [_message(key, one) for key, one in self._series.items()]
        lines = [one.lines for one in self._series.values()]
        chunk = Chunk(self._number, series, lines, self._events, self._event_lines, done)
        self._number += 1
        self._start()
        yield chunk


def _message(key: SeriesKey, series: _Open) -> LabelledSeries:
    name, labels, kind, unit = key
    made = LabelledSeries(times_unix_ms=series.times, values=series.values)
    made.series.name, made.series.kind, made.series.unit = name, MetricKind.ValueType(kind), unit
    made.series.labels.update(labels)
    return made
