"""Sums of imported samples as a Native block."""

import numpy as np

from services.aggregator.adapters.clickhouse.engine import native
from services.aggregator.adapters.clickhouse.engine.native import Column
from services.aggregator.ports.store import Segment

TABLE = "imported_rollups"


def rollup_columns(segment: Segment) -> tuple[list[Column], int]:
    """The columns of a segment's sums, and their number of rows."""
    parts = [(record.tenant, record.rollups) for record in segment.records if record.rollups is not None]
    if not parts:
        return [], 0
    sizes = [len(part) for _tenant, part in parts]
    ids, tiers, buckets, counts, sums, mins, maxs, lasts, last_times = (
        np.concatenate(columns) for columns in zip(*(part.columns() for _tenant, part in parts), strict=True)
    )
    newest = last_times.astype(np.int64).tobytes() + lasts.astype(np.float64).tobytes()
    return [
        native.words("tenant", [tenant for tenant, _part in parts], sizes),
        native.numbers("tier", "UInt32", tiers),
        native.numbers("series_id", "UInt64", ids),
        native.numbers("bucket", "DateTime('UTC')", buckets.astype(np.uint32)),
        native.numbers("count", "UInt64", counts),
        native.numbers("sum", "Float64", sums),
        native.numbers("min", "Float64", mins),
        native.numbers("max", "Float64", maxs),
        Column("newest", "Tuple(DateTime64(3, 'UTC'), Float64)", newest),
    ], len(ids)
