"""Histograms, exponential histograms, summaries and exemplars of a metrics request, kept exactly."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb

from services.collector.convert import attributes
from services.collector.convert.otlp.attributes import json_text
from services.collector.convert.otlp.series import Series, Source
from services.collector.domain.redaction import Redactor
from services.collector.domain.telemetry import KNOWN, Placed
from services.core.columns import (
    CUMULATIVE,
    DELTA,
    ExemplarColumns,
    ExponentialHistogramColumns,
    HistogramColumns,
    Lists,
    SummaryColumns,
)

NO_RECORD = pb.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
LAST_NS = 2**63 - 1
UNTOLD = float("nan")
TEMPORALITIES = (DELTA, CUMULATIVE)
NO_TEMPORALITY = "aggregation_temporality must be delta or cumulative"


class _Rows:
    """Points of one shape, with what is wrong with them."""

    def __init__(self) -> None:
        self.points: list[Any] = []
        self.temporalities: list[int] = []
        self.places: list[int] = []
        self.metrics: list[str] = []
        self.faults: list[tuple[int, str]] = []

    def add(self, point: Any, temporality: int, place: int, metric: str, fault: str) -> None:
        if fault:
            self.faults.append((len(self.points), fault))
        self.points.append(point)
        self.temporalities.append(temporality)
        self.places.append(place)
        self.metrics.append(metric)

    def placed(self, columns: Any) -> Placed[Any]:
        return Placed(columns, np.array(self.places, np.intp), self.metrics, self.faults)


class Exemplars:
    """Exemplars of a request, in order; one with broken attributes is kept without them."""

    def __init__(self, secrets: Redactor) -> None:
        self._secrets = secrets
        self._given: list[pb.Exemplar] = []
        self._ids: list[int] = []
        self._places: list[int] = []
        self._metrics: list[str] = []

    def add(self, given: Iterable[pb.Exemplar], metric: str, place: int, series_id: int = 0) -> None:
        """Exemplars of one point."""
        for exemplar in given:
            self._given.append(exemplar)
            self._ids.append(series_id)
            self._places.append(place)
            self._metrics.append(metric)

    def placed(self) -> Placed[ExemplarColumns] | None:
        """The exemplars as columns."""
        if not self._given:
            return None
        columns = ExemplarColumns(
            np.array(self._ids, np.uint64),
            _times(each.time_unix_nano for each in self._given),
            np.array([float(getattr(each, each.WhichOneof("value") or "as_double")) for each in self._given]),
            [each.trace_id.hex() for each in self._given],
            [each.span_id.hex() for each in self._given],
            [_attributes(each.filtered_attributes, self._secrets) for each in self._given],
        )
        return Placed(columns, np.array(self._places, np.intp), self._metrics)


class Distributions:
    """The distributions of a request."""

    def __init__(self, series: Series, exemplars: Exemplars) -> None:
        self.unrecorded = 0
        self._series = series
        self._exemplars = exemplars
        self._histograms, self._exponential, self._summaries = _Rows(), _Rows(), _Rows()

    def add(self, metric: pb.Metric, source: Source) -> None:
        """The points of one metric that is neither gauge nor sum."""
        if metric.HasField("histogram"):
            temporality = metric.histogram.aggregation_temporality
            self._add(self._histograms, metric.histogram.data_points, temporality, source, _histogram_fault)
        elif metric.HasField("exponential_histogram"):
            told = metric.exponential_histogram
            self._add(self._exponential, told.data_points, told.aggregation_temporality, source, _exponential_fault)
        elif metric.HasField("summary"):
            self._add(self._summaries, metric.summary.data_points, CUMULATIVE, source, _summary_fault)

    def _add(self, rows: _Rows, points: Iterable[Any], temporality: int, source: Source, judge: Any) -> None:
        for point in points:
            if point.flags & NO_RECORD:
                self.unrecorded += 1
                continue
            fault = judge(point) if temporality in TEMPORALITIES else NO_TEMPORALITY
            place = self._series.place(source, point.attributes)
            rows.add(point, temporality, place, source.name, fault)
            if not fault and rows is not self._summaries:
                self._exemplars.add(point.exemplars, source.name, place)

    def histograms(self) -> Placed[HistogramColumns] | None:
        """Histograms with explicit bounds."""
        points = self._histograms.points
        if not points:
            return None
        columns = HistogramColumns(
            *_heads(self._histograms),
            _optional(points, "sum"),
            _optional(points, "min"),
            _optional(points, "max"),
            _lists([each.explicit_bounds for each in points], np.float64),
            _lists([each.bucket_counts for each in points], np.uint64),
        )
        return self._histograms.placed(columns)

    def exponential_histograms(self) -> Placed[ExponentialHistogramColumns] | None:
        """Histograms of exponential buckets."""
        points = self._exponential.points
        if not points:
            return None
        columns = ExponentialHistogramColumns(
            *_heads(self._exponential),
            _optional(points, "sum"),
            _optional(points, "min"),
            _optional(points, "max"),
            np.array([each.scale for each in points], np.int32),
            np.array([each.zero_count for each in points], np.uint64),
            np.array([each.zero_threshold for each in points], np.float64),
            np.array([each.positive.offset for each in points], np.int32),
            _lists([each.positive.bucket_counts for each in points], np.uint64),
            np.array([each.negative.offset for each in points], np.int32),
            _lists([each.negative.bucket_counts for each in points], np.uint64),
        )
        return self._exponential.placed(columns)

    def summaries(self) -> Placed[SummaryColumns] | None:
        """Summaries."""
        points = self._summaries.points
        if not points:
            return None
        ids, times, starts, _temporalities, counts = _heads(self._summaries)
        columns = SummaryColumns(
            ids,
            times,
            starts,
            counts,
            np.array([each.sum for each in points], np.float64),
            _lists([[pair.quantile for pair in each.quantile_values] for each in points], np.float64),
            _lists([[pair.value for pair in each.quantile_values] for each in points], np.float64),
        )
        return self._summaries.placed(columns)


def _heads(rows: _Rows) -> tuple[Any, Any, Any, Any, Any]:
    """Identities (not known yet), times, starts, temporalities and counts."""
    points = rows.points
    return (
        np.zeros(len(points), np.uint64),
        _times(each.time_unix_nano for each in points),
        _times(each.start_time_unix_nano for each in points),
        # What is no temporality is a fault, and not kept.
        np.array([told if told in TEMPORALITIES else 0 for told in rows.temporalities], np.uint8),
        np.array([each.count for each in points], np.uint64),
    )


def _times(nanoseconds: Iterable[int]) -> Any:
    return np.array([min(each, LAST_NS) for each in nanoseconds], np.int64)


def _optional(points: list[Any], field: str) -> Any:
    return np.array([getattr(each, field) if each.HasField(field) else UNTOLD for each in points], np.float64)


def _lists(rows: list[Any], form: Any) -> Lists:
    lengths = np.array([len(row) for row in rows], np.uint32)
    return Lists(lengths, np.concatenate([np.array(row, form) for row in rows]))


def _attributes(given: Iterable[KeyValue], secrets: Redactor) -> str:
    try:
        return json_text(secrets, given)
    except attributes.BadAttributes:
        return attributes.EMPTY


def _histogram_fault(point: pb.HistogramDataPoint) -> str:
    bounds, buckets = np.array(point.explicit_bounds), point.bucket_counts
    if len(buckets) != (len(bounds) + 1 if len(bounds) else len(buckets) and 1):
        return f"needs one bucket more than bounds: {len(buckets)} buckets, {len(bounds)} bounds"
    if np.isnan(bounds).any() or not (bounds[1:] > bounds[:-1]).all():
        return "explicit_bounds must rise"
    if buckets and sum(buckets) != point.count:
        return f"bucket_counts must add up to count: {sum(buckets):,}, not {point.count:,}"
    return ""


def _exponential_fault(point: pb.ExponentialHistogramDataPoint) -> str:
    held = point.zero_count + sum(point.positive.bucket_counts) + sum(point.negative.bucket_counts)
    return "" if held == point.count else f"buckets must add up to count: {held:,}, not {point.count:,}"


def _summary_fault(point: pb.SummaryDataPoint) -> str:
    sound = all(0 <= pair.quantile <= 1 for pair in point.quantile_values)
    return "" if sound else "quantiles must be 0 to 1"


def exemplars_of(message: bytes, metric: str, place: int, series_id: int, exemplars: Exemplars) -> None:
    """Enter the exemplars of one number point, given by its bytes."""
    exemplars.add(pb.NumberDataPoint.FromString(message).exemplars, metric, place if place >= 0 else KNOWN, series_id)
