"""Distributions, exemplars and spans of a journal record as columns: views of the message's bytes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from binnacle.journal.v1 import journal_pb2 as pb
from services.core.columns import (
    NO_TELEMETRY,
    ExemplarColumns,
    ExponentialHistogramColumns,
    HistogramColumns,
    Lists,
    SpanColumns,
    SummaryColumns,
    Telemetry,
)

_Array = npt.NDArray[Any]


def telemetry_from(record: pb.Record) -> Telemetry:
    """What a record holds of all this."""
    found = Telemetry(
        _histograms(record.histograms) if record.HasField("histograms") else None,
        _exponential(record.exponential_histograms) if record.HasField("exponential_histograms") else None,
        _summaries(record.summaries) if record.HasField("summaries") else None,
        _exemplars(record.exemplars) if record.HasField("exemplars") else None,
        _spans(record.spans) if record.HasField("spans") else None,
    )
    return NO_TELEMETRY if found == NO_TELEMETRY else found


def _array(column: bytes, form: str) -> _Array:
    return np.frombuffer(column, form)


def _lists(lengths: bytes, flat: bytes, form: str) -> Lists:
    return Lists(_array(lengths, "<u4"), _array(flat, form))


def _head(
    block: pb.HistogramBlock | pb.ExponentialHistogramBlock,
) -> tuple[_Array, _Array, _Array, _Array, _Array, _Array, _Array, _Array]:
    """The columns that both kinds of histograms begin with."""
    return (
        _array(block.series_ids, "<u8"),
        _array(block.times_unix_ns, "<i8"),
        _array(block.start_times_unix_ns, "<i8"),
        _array(block.temporalities, "u1"),
        _array(block.counts, "<u8"),
        _array(block.sums, "<f8"),
        _array(block.mins, "<f8"),
        _array(block.maxs, "<f8"),
    )


def _histograms(block: pb.HistogramBlock) -> HistogramColumns:
    return HistogramColumns(
        *_head(block),
        _lists(block.bound_lengths, block.bounds, "<f8"),
        _lists(block.bucket_lengths, block.bucket_counts, "<u8"),
    )


def _exponential(block: pb.ExponentialHistogramBlock) -> ExponentialHistogramColumns:
    return ExponentialHistogramColumns(
        *_head(block),
        _array(block.scales, "<i4"),
        _array(block.zero_counts, "<u8"),
        _array(block.zero_thresholds, "<f8"),
        _array(block.positive_offsets, "<i4"),
        _lists(block.positive_lengths, block.positive_counts, "<u8"),
        _array(block.negative_offsets, "<i4"),
        _lists(block.negative_lengths, block.negative_counts, "<u8"),
    )


def _summaries(block: pb.SummaryBlock) -> SummaryColumns:
    return SummaryColumns(
        _array(block.series_ids, "<u8"),
        _array(block.times_unix_ns, "<i8"),
        _array(block.start_times_unix_ns, "<i8"),
        _array(block.counts, "<u8"),
        _array(block.sums, "<f8"),
        _lists(block.quantile_lengths, block.quantiles, "<f8"),
        _lists(block.quantile_lengths, block.quantile_values, "<f8"),
    )


def _exemplars(block: pb.ExemplarBlock) -> ExemplarColumns:
    return ExemplarColumns(
        _array(block.series_ids, "<u8"),
        _array(block.times_unix_ns, "<i8"),
        _array(block.values, "<f8"),
        list(block.trace_ids),
        list(block.span_ids),
        list(block.attributes_json),
    )


def _spans(block: pb.SpanBlock) -> SpanColumns:
    return SpanColumns(
        _array(block.start_times_unix_ns, "<i8"),
        _array(block.durations_ns, "<i8"),
        list(block.trace_ids),
        list(block.span_ids),
        list(block.parent_span_ids),
        list(block.names),
        _array(block.kinds, "u1"),
        list(block.services),
        _array(block.statuses, "u1"),
        list(block.status_messages),
        list(block.attributes_json),
        list(block.events_json),
        list(block.links_json),
    )
