"""Sums of imported samples in a journal record as columns: views of the message's bytes."""

import numpy as np

from binnacle.journal.v1 import journal_pb2
from services.core.columns import RollupColumns


def rollup_columns(block: journal_pb2.RollupBlock) -> RollupColumns:
    """The columns of a block."""
    return RollupColumns(
        np.frombuffer(block.series_ids, "<u8"),
        np.frombuffer(block.tiers, "<u4"),
        np.frombuffer(block.buckets_unix_s, "<i8"),
        np.frombuffer(block.counts, "<u8"),
        np.frombuffer(block.sums, "<f8"),
        np.frombuffer(block.mins, "<f8"),
        np.frombuffer(block.maxs, "<f8"),
        np.frombuffer(block.lasts, "<f8"),
        np.frombuffer(block.last_times_unix_ms, "<i8"),
    )
