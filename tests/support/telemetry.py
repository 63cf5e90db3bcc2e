"""Distributions and spans in records, as a collector would journal them."""

import numpy as np

from binnacle.journal.v1 import journal_pb2
from services.core.columns import (
    CUMULATIVE,
    ExemplarColumns,
    ExponentialHistogramColumns,
    HistogramColumns,
    Lists,
    SpanColumns,
    SummaryColumns,
    Telemetry,
)

UNTOLD = float("nan")


def nanoseconds(seconds: float) -> int:
    """Since the Unix epoch, as records have it."""
    return round(seconds * 1e9)


def filled(record: journal_pb2.Record, telemetry: Telemetry) -> journal_pb2.Record:
    """The record with telemetry in it."""
    from services.collector.convert.otlp.telemetry import fill

    fill(record, telemetry)
    return record


def _column(value: float, form: str) -> np.ndarray:
    return np.array([value], form)


def _lists(values: list[float] | list[int], form: str) -> Lists:
    return Lists(np.array([len(values)], np.uint32), np.array(values, form))


def histogram(
    series: int, at: float, buckets: list[int], total: float, start: float = 0.0, temporality: int = CUMULATIVE
) -> Telemetry:
    """One histogram of the bounds 0.1 and 1."""
    return Telemetry(
        histograms=HistogramColumns(
            _column(series, "u8"), np.array([nanoseconds(at)]), np.array([nanoseconds(start)]),
            _column(temporality, "u1"), _column(sum(buckets), "u8"), _column(total, "f8"), _column(UNTOLD, "f8"),
            _column(UNTOLD, "f8"), _lists([0.1, 1.0], "f8"), _lists(buckets, "u8"),
        )
    )  # fmt: skip


def exponential(
    series: int, at: float, scale: int, buckets: list[int], start: float = 0.0, temporality: int = CUMULATIVE
) -> Telemetry:
    """One exponential histogram from bucket -7 on, with two zeros."""
    return Telemetry(
        exponential_histograms=ExponentialHistogramColumns(
            _column(series, "u8"), np.array([nanoseconds(at)]), np.array([nanoseconds(start)]),
            _column(temporality, "u1"), _column(sum(buckets) + 2, "u8"), _column(1.5, "f8"), _column(UNTOLD, "f8"),
            _column(UNTOLD, "f8"), _column(scale, "i4"), _column(2, "u8"), _column(0.0, "f8"), _column(-7, "i4"),
            _lists(buckets, "u8"), _column(0, "i4"), _lists([], "u8"),
        )
    )  # fmt: skip


def summary(series: int, at: float) -> SummaryColumns:
    """One summary with a median."""
    return SummaryColumns(
        _column(series, "u8"), np.array([nanoseconds(at)]), np.array([0]), _column(4, "u8"), _column(10.0, "f8"),
        _lists([0.5], "f8"), _lists([2.5], "f8"),
    )  # fmt: skip


def exemplars(series: int, at: float) -> ExemplarColumns:
    """One exemplar."""
    return ExemplarColumns(
        _column(series, "u8"), np.array([nanoseconds(at)]), _column(0.25, "f8"), ["ab" * 16], ["cd" * 8], ["{}"]
    )


def spans(at: float, kind: int, *seconds: float, service: str = "shop", attributes: str = "{}") -> Telemetry:
    """Spans that start at the same time and last so long."""
    size = len(seconds)
    return Telemetry(
        spans=SpanColumns(
            np.full(size, nanoseconds(at)), np.array([nanoseconds(each) for each in seconds]), ["ab" * 16] * size,
            [f"{number:016x}" for number in range(1, size + 1)], [""] * size, ["GET"] * size,
            np.full(size, kind, np.uint8), [service] * size, np.zeros(size, np.uint8), [""] * size,
            [attributes] * size, ["[]"] * size, ["[]"] * size,
        )
    )  # fmt: skip
