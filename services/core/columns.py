"""Columns of what OpenTelemetry knows beside samples: distributions, exemplars and spans; used by several services.

Times are nanoseconds since the Unix epoch, 0 where a start is untold; an untold figure is NaN. Columns of one block are
of equal length.
"""

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.uint64]
Longs = npt.NDArray[np.int64]
Counts = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

DELTA = 1
CUMULATIVE = 2


@dataclass(frozen=True, slots=True)
class Lists:
    """A list of numbers per row: `lengths` of the rows, and the numbers of all rows one after the other."""

    lengths: npt.NDArray[np.uint32]
    flat: npt.NDArray[Any]

    @property
    def starts(self) -> Longs:
        """Where each row begins in `flat`, and the end of the last."""
        return np.concatenate(([0], np.cumsum(self.lengths, dtype=np.int64))).astype(np.int64)

    def take(self, keep: Mask) -> "Lists":
        return Lists(self.lengths[keep], self.flat[np.repeat(keep, self.lengths)])


@dataclass(frozen=True, slots=True)
class HistogramColumns:
    """Histograms with explicit bounds; a row has one more bucket than bounds, or none."""

    series_ids: Ids
    times_ns: Longs
    start_times_ns: Longs
    temporalities: Bytes
    counts: Counts
    sums: Floats
    mins: Floats
    maxs: Floats
    bounds: Lists
    buckets: Lists


@dataclass(frozen=True, slots=True)
class ExponentialHistogramColumns:
    """Histograms whose buckets are bounded by powers of 2^(2^-scale); offsets number their first buckets."""

    series_ids: Ids
    times_ns: Longs
    start_times_ns: Longs
    temporalities: Bytes
    counts: Counts
    sums: Floats
    mins: Floats
    maxs: Floats
    scales: Ints
    zero_counts: Counts
    zero_thresholds: Floats
    positive_offsets: Ints
    positive: Lists
    negative_offsets: Ints
    negative: Lists


@dataclass(frozen=True, slots=True)
class SummaryColumns:
    """Quantiles as the sender computed them."""

    series_ids: Ids
    times_ns: Longs
    start_times_ns: Longs
    counts: Counts
    sums: Floats
    quantiles: Lists
    values: Lists


@dataclass(frozen=True, slots=True)
class ExemplarColumns:
    """Single measurements; trace and span in hexadecimal or empty, attributes as one JSON object each."""

    series_ids: Ids
    times_ns: Longs
    values: Floats
    trace_ids: list[str]
    span_ids: list[str]
    attributes_json: list[str]


@dataclass(frozen=True, slots=True)
class SpanColumns:
    """Spans; kinds and statuses as OpenTelemetry numbers them, events and links as one JSON array each."""

    times_ns: Longs
    durations_ns: Longs
    trace_ids: list[str]
    span_ids: list[str]
    parent_span_ids: list[str]
    names: list[str]
    kinds: Bytes
    services: list[str]
    statuses: Bytes
    status_messages: list[str]
    attributes_json: list[str]
    events_json: list[str]
    links_json: list[str]


@dataclass(frozen=True, slots=True)
class RollupColumns:
    """Samples of an import in sums: `buckets` of `tiers` seconds each, begun at so many seconds since the Unix epoch.

    Rows of one series and bucket add up: `lasts` is the value at the greatest of `last_times_ms`.
    """

    series_ids: Ids
    tiers: npt.NDArray[np.uint32]
    buckets: Longs
    counts: Counts
    sums: Floats
    mins: Floats
    maxs: Floats
    lasts: Floats
    last_times_ms: Longs

    def __len__(self) -> int:
        return len(self.series_ids)

    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        """All columns in their order."""
        return tuple(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What one request holds of all this; series are those of samples."""

    histograms: HistogramColumns | None = None
    exponential_histograms: ExponentialHistogramColumns | None = None
    summaries: SummaryColumns | None = None
    exemplars: ExemplarColumns | None = None
    spans: SpanColumns | None = None


NO_TELEMETRY = Telemetry()

Columns = TypeVar(
    "Columns", HistogramColumns, ExponentialHistogramColumns, SummaryColumns, ExemplarColumns, SpanColumns
)


def taken(columns: Columns, keep: Mask) -> Columns:
    """Only the rows to keep."""
    return type(columns)(**{field.name: _taken(getattr(columns, field.name), keep) for field in fields(columns)})


def _taken(column: Any, keep: Mask) -> Any:
    if isinstance(column, Lists):
        return column.take(keep)
    if isinstance(column, list):
        return [text for text, kept in zip(column, keep.tolist(), strict=True) if kept]
    return column[keep]
