"""Which tables hold which kind of data, and what stretch of time a partition of theirs is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Shelf:
    """A table, or the part of it whose partitions begin with `prefix`; `time` is the column that says how old a row is.

    `order` is what its rows are archived by; partitions are kept `margin` days longer than the kind; `derived` tables
    hold nothing that cannot be told from others, and are never archived.
    """

    kind: str
    table: str
    time: str = "time"
    order: str = "time"
    prefix: str = ""
    margin: int = 0
    derived: bool = False


_SERIES = "series_id, time"
_BUCKETS = "series_id, bucket"
SHELVES: Sequence[Shelf] = (
    Shelf("samples", "samples", order=_SERIES),
    Shelf("samples", "histograms", order=_SERIES),
    Shelf("samples", "exponential_histograms", order=_SERIES),
    Shelf("samples", "summaries", order=_SERIES),
    Shelf("samples", "exemplars", order=_SERIES),
    # Late samples may disturb any minute that has samples.
    Shelf("samples", "rollup_marks", "bucket", "bucket", margin=33, derived=True),
    Shelf("minutes", "rollup_minutes", "bucket", _BUCKETS),
    Shelf("minutes", "imported_rollups", "bucket", _BUCKETS, "60-"),
    Shelf("hours", "rollup_hours", "bucket", _BUCKETS),
    Shelf("hours", "imported_rollups", "bucket", _BUCKETS, "3600-"),
    Shelf("days", "rollup_days", "bucket", _BUCKETS),
    Shelf("days", "imported_rollups", "bucket", _BUCKETS, "86400-"),
    Shelf("events", "events"),
    Shelf("logs", "logs"),
    Shelf("spans", "spans"),
    Shelf("traffic", "heartbeats"),
    Shelf("traffic", "signals", "second", "second"),
    Shelf("traffic", "intake_warnings"),
)


def span(partition: str) -> tuple[date, date]:
    """First day of a partition, and the day after its last: of a year, a month, or a day."""
    told = partition.rpartition("-")[2]
    year, month, day = int(told[:4]), int(told[4:6] or 1), int(told[6:8] or 1)
    first = date(year, month, day)
    if len(told) == 8:
        return first, first + timedelta(days=1)
    if len(told) == 6:
        return first, date(year + month // 12, month % 12 + 1, 1)
    return first, date(year + 1, 1, 1)
