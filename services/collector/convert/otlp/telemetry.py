"""Accepted distributions, exemplars and spans to the blocks of a journal record."""

from dataclasses import fields
from typing import Any

import numpy as np

from binnacle.journal.v1 import journal_pb2 as pb
from services.core.columns import Lists, Telemetry

# Where a block's field is not named as the column, and the two fields of a column of lists.
_NAMES = {"times_ns": "times_unix_ns", "start_times_ns": "start_times_unix_ns"}
_LISTS = {
    "bounds": ("bound_lengths", "bounds"),
    "buckets": ("bucket_lengths", "bucket_counts"),
    "positive": ("positive_lengths", "positive_counts"),
    "negative": ("negative_lengths", "negative_counts"),
    "quantiles": ("quantile_lengths", "quantiles"),
}


def fill(record: pb.Record, telemetry: Telemetry) -> None:
    """Enter what there is in a record."""
    for field in fields(telemetry):
        columns = getattr(telemetry, field.name)
        if columns is not None:
            _fill(getattr(record, field.name), columns)


def _fill(block: Any, columns: Any) -> None:
    for field in fields(columns):
        column = getattr(columns, field.name)
        if isinstance(column, list):
            getattr(block, field.name).extend(column)
        elif isinstance(column, Lists):
            _fill_lists(block, field.name, column)
        else:
            setattr(block, _name(block, field.name), _bytes(column))


def _fill_lists(block: Any, name: str, lists: Lists) -> None:
    if name in _LISTS:
        lengths, flat = _LISTS[name]
        setattr(block, lengths, _bytes(lists.lengths))
        setattr(block, flat, _bytes(lists.flat))
    else:
        # The values of a summary are as many as its quantiles.
        block.quantile_values = _bytes(lists.flat)


def _name(block: Any, column: str) -> str:
    name = _NAMES.get(column, column)
    return "start_times_unix_ns" if name == "times_unix_ns" and isinstance(block, pb.SpanBlock) else name


def _bytes(column: Any) -> bytes:
    little: bytes = np.ascontiguousarray(column).astype(column.dtype.newbyteorder("<"), copy=False).tobytes()
    return little
