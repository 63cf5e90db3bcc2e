"""Native histograms and exemplars of remote write to columns, as OpenTelemetry has them.

Prometheus numbers buckets by their upper bounds, OpenTelemetry by their lower ones: bucket 1 here is bucket 0 there.
Runs of buckets become one list, with zeros between them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from binnacle.remotewrite.v1 import remote_write_pb2 as pb
from services.collector.convert import attributes
from services.collector.domain.columns import EXPONENTIAL_HISTOGRAM, SeriesDefinition
from services.collector.domain.redaction import Redactor
from services.collector.domain.telemetry import MetricsDraft, NumberColumns, Placed
from services.core.columns import CUMULATIVE, ExemplarColumns, ExponentialHistogramColumns, Lists
from services.core.conventions import STALE_BITS

SCHEMAS = range(-4, 9)
# As many as lie between the least and the greatest bucket that is used.
MAX_BUCKETS = 4_096
FARTHEST = 1 << 20
LARGEST = 1 << 62
MILLI = 1_000_000
WHOLE = "counts must be whole numbers and not negative"
TRACE_ID = re.compile(r"[0-9a-f]{32}")
SPAN_ID = re.compile(r"[0-9a-f]{16}")

Labels = Sequence[tuple[str, str]]


class BadHistogram(Exception):
    """A histogram that is not kept; the text says why."""


@dataclass(frozen=True, slots=True)
class _Dense:
    """Buckets from `offset` on, without gaps."""

    offset: int
    counts: Any


@dataclass(frozen=True, slots=True)
class _Row:
    """One histogram."""

    time_ms: int
    scale: int
    count: int
    sum: float
    zero_count: int
    zero_threshold: float
    positive: _Dense
    negative: _Dense


@dataclass(frozen=True, slots=True)
class _Exemplar:
    """One exemplar and the place of its series."""

    place: int
    metric: str
    time_ms: int
    value: float
    labels: dict[str, str]


@dataclass(slots=True)
class NativePoints:
    """What a request holds beside samples."""

    secrets: Redactor
    definitions: list[SeriesDefinition] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    ends: list[tuple[int, int, str]] = field(default_factory=list)
    exemplars: list[_Exemplar] = field(default_factory=list)

    def histograms(self, definition: SeriesDefinition, metric: str, given: Sequence[pb.Histogram]) -> None:
        """Take the histograms of one series; `metric` is its name in messages."""
        if given:
            self.definitions.append(replace(definition, kind=EXPONENTIAL_HISTOGRAM))
        for number, histogram in enumerate(given):
            place, name = len(self.definitions) - 1, f"{metric}.histograms[{number}]"
            if np.float64(histogram.sum).view(np.uint64) == STALE_BITS:
                self.ends.append((place, histogram.time_unix_ms, name))
                continue
            row, fault = _row(histogram)
            if fault:
                self.faults.append((len(self.rows), fault))
            self.rows.append(row)
            self.places.append(place)
            self.metrics.append(name)

    def exemplar(self, definition: SeriesDefinition, metric: str, time_ms: int, value: float, labels: Labels) -> None:
        """Take an exemplar of one series."""
        if not self.definitions or self.definitions[-1].labels is not definition.labels:
            self.definitions.append(definition)
        place = len(self.definitions) - 1
        self.exemplars.append(_Exemplar(place, metric, time_ms, value, dict(labels)))

    def draft(self) -> MetricsDraft | None:
        """All of it; None when there is nothing."""
        if not self.rows and not self.ends and not self.exemplars:
            return None
        return MetricsDraft(
            self.definitions, _ends(self.ends), exponential_histograms=self._histograms(), exemplars=self._exemplars()
        )

    def _histograms(self) -> Placed[ExponentialHistogramColumns] | None:
        rows, size = self.rows, len(self.rows)
        if not rows:
            return None
        columns = ExponentialHistogramColumns(
            np.zeros(size, np.uint64),
            _nanoseconds(row.time_ms for row in rows),
            np.zeros(size, np.int64),
            np.full(size, CUMULATIVE, np.uint8),
            np.array([row.count for row in rows], np.uint64),
            np.array([row.sum for row in rows], np.float64),
            np.full(size, np.nan),
            np.full(size, np.nan),
            np.array([row.scale for row in rows], np.int32),
            np.array([row.zero_count for row in rows], np.uint64),
            np.array([row.zero_threshold for row in rows], np.float64),
            np.array([row.positive.offset for row in rows], np.int32),
            _lists([row.positive.counts for row in rows]),
            np.array([row.negative.offset for row in rows], np.int32),
            _lists([row.negative.counts for row in rows]),
        )
        return Placed(columns, np.array(self.places, np.intp), self.metrics, self.faults)

    def _exemplars(self) -> Placed[ExemplarColumns] | None:
        given = self.exemplars
        if not given:
            return None
        columns = ExemplarColumns(
            np.zeros(len(given), np.uint64),
            _nanoseconds(each.time_ms for each in given),
            np.array([each.value for each in given], np.float64),
            [_taken(each.labels, ("trace_id", "traceID"), TRACE_ID) for each in given],
            [_taken(each.labels, ("span_id", "spanID"), SPAN_ID) for each in given],
            [_json(each.labels, self.secrets) for each in given],
        )
        return Placed(columns, np.array([each.place for each in given], np.intp), [each.metric for each in given])


_NONE = _Dense(0, np.empty(0, np.uint64))
_UNREAD = _Row(0, 0, 0, 0.0, 0, 0.0, _NONE, _NONE)


def _row(given: pb.Histogram) -> tuple[_Row, str]:
    """A histogram, or why it is none."""
    try:
        return _read(given), ""
    except BadHistogram as bad:
        return replace(_UNREAD, time_ms=given.time_unix_ms), str(bad)


def _read(given: pb.Histogram) -> _Row:
    if given.schema not in SCHEMAS:
        raise BadHistogram("buckets must be exponential, schema -4 to 8")
    if given.reset_hint == pb.RESET_HINT_GAUGE:
        raise BadHistogram("must count since its start; one of the moment is not kept")
    positive = _dense(given.positive_spans, given.positive_deltas, given.positive_counts)
    negative = _dense(given.negative_spans, given.negative_deltas, given.negative_counts)
    count = _whole(given.count_float if given.HasField("count_float") else given.count_int)
    zero_count = _whole(given.zero_count_float if given.HasField("zero_count_float") else given.zero_count_int)
    held = zero_count + sum(positive.counts.tolist()) + sum(negative.counts.tolist())
    # What was NaN counts, and is in no bucket.
    if held > count:
        raise BadHistogram(f"buckets must not add up to more than the count: {held:,}, not {count:,}")
    return _Row(
        given.time_unix_ms, given.schema, count, given.sum, zero_count, given.zero_threshold, positive, negative
    )


def _dense(spans: Sequence[pb.BucketSpan], deltas: Sequence[int], floats: Sequence[float]) -> _Dense:
    counts = [_whole(count) for count in floats] if floats else list(accumulate(deltas))
    places, at = list[int](), 0
    if sum(span.length for span in spans) != len(counts):
        raise BadHistogram(f"spans must be as long as their {len(counts):,} buckets")
    for span in spans:
        at += span.offset
        places.extend(range(at, at + span.length))
        at += span.length
    if not places:
        return _NONE
    first, size = places[0], places[-1] - places[0] + 1
    if any(later <= former for former, later in pairwise(places)) or size > MAX_BUCKETS or abs(first) > FARTHEST:
        raise BadHistogram(f"buckets must rise, and span at most {MAX_BUCKETS:,}")
    if not all(0 <= count < LARGEST for count in counts):
        raise BadHistogram(WHOLE)
    dense = np.zeros(size, np.uint64)
    dense[np.array(places) - first] = counts
    return _Dense(first - 1, dense)


def _whole(count: float) -> int:
    if not float(count).is_integer() or not 0 <= count < LARGEST:
        raise BadHistogram(WHOLE)
    return int(count)


def _nanoseconds(times_ms: Iterable[int]) -> Any:
    bound = 2**62 // MILLI
    return np.array([max(-bound, min(each, bound)) * MILLI for each in times_ms], np.int64)


def _lists(rows: list[Any]) -> Lists:
    return Lists(np.array([len(row) for row in rows], np.uint32), np.concatenate(rows))


def _ends(ends: Sequence[tuple[int, int, str]]) -> NumberColumns:
    return NumberColumns(
        np.zeros(len(ends), np.uint64),
        np.array([place for place, _at, _name in ends], np.intp),
        np.array([at for _place, at, _name in ends], np.int64),
        np.full(len(ends), STALE_BITS, np.uint64).view(np.float64),
        lambda row: ends[row][2],
    )


def _taken(labels: dict[str, str], names: Sequence[str], form: "re.Pattern[str]") -> str:
    """The identity under one of these names, if it is one; it is no attribute then."""
    for name in names:
        if form.fullmatch(labels.get(name, "").lower()):
            return labels.pop(name).lower()
    return ""


def _json(labels: dict[str, str], secrets: Redactor) -> str:
    try:
        return attributes.json_text(labels, secrets)
    except attributes.BadAttributes:
        return attributes.EMPTY
