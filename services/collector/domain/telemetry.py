"""What one OTLP request becomes once decoded, before it is judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.collector.domain.columns import Ids, Rows, SeriesDefinition, Times, Values
from services.collector.domain.inspection import NONE_REFUSED, Refused
from services.core.columns import (
    ExemplarColumns,
    ExponentialHistogramColumns,
    HistogramColumns,
    SpanColumns,
    SummaryColumns,
)

KNOWN = -1
"""Stands for a place in the definitions where a point's series is known by its identity."""

Columns = TypeVar("Columns")


@dataclass(frozen=True, slots=True)
class NumberColumns:
    """Points of gauges and sums: `series_ids` where the series is known, else its place in the definitions."""

    series_ids: Ids
    places: Rows
    times_ms: Times
    values: Values
    metric: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Placed(Generic[Columns]):
    """Columns whose series are still places in the definitions; `faults` says what is wrong with a row, if anything.

    The `series_ids` of the columns are 0, except where the place is KNOWN.
    """

    columns: Columns
    places: Rows
    metrics: Sequence[str]
    faults: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class MetricsDraft:
    """The points of a metrics request. `unrecorded` points say that there is no value: accepted, and not kept.

    `learn` remembers the identities of `definitions` once they are durable.
    """

    definitions: Sequence[SeriesDefinition]
    numbers: NumberColumns
    histograms: Placed[HistogramColumns] | None = None
    exponential_histograms: Placed[ExponentialHistogramColumns] | None = None
    summaries: Placed[SummaryColumns] | None = None
    exemplars: Placed[ExemplarColumns] | None = None
    unrecorded: int = 0
    undecodable: Refused = NONE_REFUSED
    learn: Callable[[Ids], None] = field(default=lambda _ids: None)


@dataclass(frozen=True, slots=True)
class SpansDraft:
    """The spans of a traces request; faults as in Draft."""

    columns: SpanColumns
    faults: Sequence[tuple[int, str, str]] = ()
