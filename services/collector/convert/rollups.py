"""Sums of imported samples as a block of a journal record."""

import numpy as np
import numpy.typing as npt

from binnacle.journal.v1 import journal_pb2 as pb
from services.core.columns import RollupColumns


def block(rollups: RollupColumns) -> pb.RollupBlock:
    """The block of these columns."""
    return pb.RollupBlock(
        series_ids=_bytes(rollups.series_ids, "<u8"),
        tiers=_bytes(rollups.tiers, "<u4"),
        buckets_unix_s=_bytes(rollups.buckets, "<i8"),
        counts=_bytes(rollups.counts, "<u8"),
        sums=_bytes(rollups.sums, "<f8"),
        mins=_bytes(rollups.mins, "<f8"),
        maxs=_bytes(rollups.maxs, "<f8"),
        lasts=_bytes(rollups.lasts, "<f8"),
        last_times_unix_ms=_bytes(rollups.last_times_ms, "<i8"),
    )


def _bytes(column: npt.NDArray[np.generic], form: str) -> bytes:
    return column.astype(form, copy=False).tobytes()
