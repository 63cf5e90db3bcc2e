"""Points as columns: what a request becomes once decoded, and what a record holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.core.columns import NO_TELEMETRY, RollupColumns, Telemetry

Ids = npt.NDArray[np.uint64]
Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

GAUGE = 1
COUNTER = 2
DELTA = 3
KINDS = (GAUGE, COUNTER, DELTA)
# OTLP's alone: their points are no samples.
HISTOGRAM = 4
EXPONENTIAL_HISTOGRAM = 5
SUMMARY = 6
EVERY_KIND = (*KINDS, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY)


@dataclass(frozen=True, slots=True)
class SeriesDefinition:
    """Name and labels that identify a series within a tenant; `labels` are sorted by name."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    kind: int = GAUGE
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SampleColumns:
    """Samples of known series; times in milliseconds since the Unix epoch.

    `packed` holds the same rows as the sender compressed them, when it did.
    """

    series_ids: Ids
    times_ms: Times
    values: Values
    packed: bytes = b""

    def __len__(self) -> int:
        return len(self.values)

    def take(self, keep: Mask) -> "SampleColumns":
        return SampleColumns(self.series_ids[keep], self.times_ms[keep], self.values[keep])


@dataclass(frozen=True, slots=True)
class LabelledColumns:
    """Samples beside the series they name: `rows` holds the place of each sample's series in `definitions`."""

    definitions: Sequence[SeriesDefinition]
    rows: Rows
    times_ms: Times
    values: Values

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events; times in microseconds since the Unix epoch, data as one JSON object each."""

    times_us: Times
    types: list[str]
    services: list[str]
    user_ids: list[str]
    session_ids: list[str]
    data_json: list[str]

    def __len__(self) -> int:
        return len(self.types)

    def take(self, keep: Mask) -> "EventColumns":
        return EventColumns(
            self.times_us[keep],
            chosen(self.types, keep),
            chosen(self.services, keep),
            chosen(self.user_ids, keep),
            chosen(self.session_ids, keep),
            chosen(self.data_json, keep),
        )


@dataclass(frozen=True, slots=True)
class PackedEvents:
    """Events that were found to keep every rule but perhaps that of times, serialised as a record holds them.

    `unpack` gives the same rows as columns, where one of them has to be looked at.
    """

    times_us: Times
    block: bytes
    unpack: Callable[[], EventColumns]

    def __len__(self) -> int:
        return len(self.times_us)

    def take(self, keep: Mask) -> EventColumns:
        return self.unpack().take(keep)


@dataclass(frozen=True, slots=True)
class LogColumns:
    """Log lines; times in microseconds since the Unix epoch, levels as the contract numbers them.

    `span_ids` is empty where no line has one.
    """

    times_us: Times
    levels: npt.NDArray[np.uint8]
    services: list[str]
    messages: list[str]
    trace_ids: list[str]
    attributes_json: list[str]
    span_ids: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.messages)

    def take(self, keep: Mask) -> "LogColumns":
        return LogColumns(
            self.times_us[keep],
            self.levels[keep],
            chosen(self.services, keep),
            chosen(self.messages, keep),
            chosen(self.trace_ids, keep),
            chosen(self.attributes_json, keep),
            chosen(self.span_ids, keep) if self.span_ids else [],
        )


@dataclass(frozen=True, slots=True)
class HeartbeatColumns:
    """Heartbeats; times in microseconds since the Unix epoch; a figure that was not told is NaN."""

    times_us: Times
    services: list[str]
    statuses: list[str]
    kinds: list[str]
    request_counts: Values
    error_counts: Values
    avg_latencies_ms: Values
    uptimes_hours: Values

    def __len__(self) -> int:
        return len(self.services)

    def take(self, keep: Mask) -> "HeartbeatColumns":
        return HeartbeatColumns(
            self.times_us[keep],
            chosen(self.services, keep),
            chosen(self.statuses, keep),
            chosen(self.kinds, keep),
            self.request_counts[keep],
            self.error_counts[keep],
            self.avg_latencies_ms[keep],
            self.uptimes_hours[keep],
        )


@dataclass(frozen=True, slots=True)
class WarningColumns:
    """Refusals of one tenant in columns; times in microseconds since the Unix epoch."""

    kinds: list[str]
    fields: list[str]
    reasons: list[str]
    descriptions: list[str]
    sources: list[str]
    samples: list[str]
    counts: Ids
    first_times_us: Times
    last_times_us: Times

    def __len__(self) -> int:
        return len(self.kinds)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one request adds to the journal; `series` are named for the first time and precede the samples.

    `batch_id` is what its sender called it, or empty. `audit` are records of what was done, as they came.
    """

    tenant: str
    accepted_us: int
    series: Sequence[tuple[int, SeriesDefinition]] = field(default=())
    samples: SampleColumns | None = None
    events: EventColumns | PackedEvents | None = None
    logs: LogColumns | None = None
    heartbeats: HeartbeatColumns | None = None
    warnings: WarningColumns | None = None
    batch_id: str = ""
    telemetry: Telemetry = NO_TELEMETRY
    rollups: RollupColumns | None = None
    audit: Sequence[bytes] = ()


def chosen(column: list[str], keep: Mask) -> list[str]:
    """The texts of the rows to keep."""
    return [text for text, kept in zip(column, keep.tolist(), strict=True) if kept]
