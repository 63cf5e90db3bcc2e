"""Questions about samples and what the store answers them with, in columns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.records import Floats, Ids, Longs, SampleColumns, Series
from services.aggregator.ports.store import Segment

Function = Literal["average", "sum", "minimum", "maximum", "last", "count", "rate", "increase", "quantile", "distinct"]
CellField = Literal["count", "sum", "min", "max", "last"]
Ranges = npt.NDArray[np.int64]
"""Rows of two: start and end, in seconds since the Unix epoch."""


@dataclass(frozen=True, slots=True)
class Fold:
    """What is made of the samples of each series in each step; `quantile` is a share."""

    function: Function
    quantile: float = 0.0


@dataclass(frozen=True, slots=True)
class StepRows:
    """One value per series and step that has one; step `n` begins at n times its length since the Unix epoch."""

    series_ids: Ids
    steps: Longs
    values: Floats


@dataclass(frozen=True, slots=True)
class CellRows:
    """Rows of roll-ups; of several of one series and start the one of the highest revision holds."""

    series_ids: Ids
    starts: Longs
    revisions: Ids
    fields: Mapping[CellField, Floats]


@dataclass(frozen=True, slots=True)
class DistributionRows:
    """Histograms in order of series and time. Row `i` has `buckets[starts[i]:starts[i + 1]]` counts.

    `uppers` holds the upper bound of each bucket, `lowers` the lower one; a row may have none. It is
    `cumulative` when it counts since `start_times_ms`.
    """

    series_ids: Ids
    times_ms: Longs
    start_times_ms: Longs
    cumulative: npt.NDArray[np.bool_]
    counts: Floats
    sums: Floats
    starts: Longs
    lowers: Floats
    uppers: Floats
    buckets: Floats


class TimeSeriesStore(Protocol):
    """Answers of one tenant; `ids` None is all of its series. Times end exclusively.

    Every method raises Unavailable while the store does not answer, DeadlineExceeded when it takes too long, and
    InvalidInput when the answer is too large.
    """

    async def series(self, tenant: str) -> Sequence[Series]:
        """Every series that was registered."""
        ...

    async def samples(self, tenant: str, ids: Ids | None, from_ms: int, to_ms: int) -> SampleColumns:
        """Samples in any order."""
        ...

    async def last(self, tenant: str, ids: Ids | None, from_ms: int, to_ms: int) -> SampleColumns:
        """The newest sample of each series, in any order; ends of series are none."""
        ...

    async def newest(self, tenant: str, from_ms: int, most: int) -> SampleColumns | None:
        """Samples of all series from a time on; None where they are more than `most`, or take over two seconds."""
        ...

    async def folded(self, tenant: str, ids: Ids | None, fold: Fold, step_ms: int, first: int, count: int) -> StepRows:
        """What samples come to in `count` steps from number `first` on."""
        ...

    async def cells(
        self, tenant: str, tier: int, ids: Ids | None, from_s: int, to_s: int, fields: Sequence[CellField]
    ) -> CellRows:
        """Roll-ups of a tier, without what was imported."""
        ...

    async def outdated(self, tenant: str, tier: int, from_s: int, to_s: int) -> Longs:
        """Starts of the buckets of a tier, within a range, that are not what the samples come to."""
        ...

    async def fresh(
        self, tenant: str, starts: Collection[int], fields: Sequence[CellField]
    ) -> tuple[CellRows | None, set[int]]:
        """Minutes that need no reading though they are not rolled up: what they come to, and which they are."""
        ...

    async def neighbours(
        self, tenant: str, first: int, last: int, from_ms: int, to_ms: int, most: int
    ) -> SampleColumns | None:
        """Samples of at most 49 days of series of ids from `first` to `last`; None where they are over `most`."""
        ...

    async def count(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> int:
        """Number of samples."""
        ...

    async def imported(self, tenant: str, tier: int, ids: Ids | None, from_s: int, to_s: int) -> CellRows:
        """Sums of imports, of all fields, one row per series and bucket."""
        ...

    async def distributions(
        self, tenant: str, ids: Ids, exponential: bool, from_ms: int, to_ms: int
    ) -> DistributionRows:
        """Histograms of series."""
        ...

    async def summaries(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> tuple[SampleColumns, Floats]:
        """Quantiles that senders computed: value and, beside it, the quantile of each."""
        ...


class CommitListener(Protocol):
    """Hears of every change of the store, in the thread that makes it."""

    def opened(self, outdated: Sequence[tuple[str, int, int]], alone: bool) -> None:
        """The store is open: buckets (tenant, tier, start) that are out of date; whether nobody else writes to it."""
        ...

    def before(self, segment: Segment) -> None:
        """A segment is about to be written."""
        ...

    def after(self, segment: Segment, revision: int, done: bool) -> None:
        """It is written, and its samples are marked under a revision; or it failed, wholly or in part."""
        ...

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        """Buckets were rolled up of what was stored before a revision was taken."""
        ...
