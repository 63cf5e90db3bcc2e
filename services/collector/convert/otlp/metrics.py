"""A metrics request as a draft: by the compiled walk where there is one, in Python otherwise. Both give the same."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from services.collector.convert.otlp import decoder
from services.collector.convert.otlp.attributes import Labels, labels
from services.collector.convert.otlp.decoder import Decoder, Points, TooManyPoints
from services.collector.convert.otlp.distributions import (
    NO_RECORD,
    NO_TEMPORALITY,
    Distributions,
    Exemplars,
    exemplars_of,
)
from services.collector.convert.otlp.series import Series, Source, number_kind
from services.collector.domain.columns import Ids, Rows
from services.collector.domain.inspection import FIRST, Refused
from services.collector.domain.redaction import Redactor
from services.collector.domain.telemetry import KNOWN, MetricsDraft, NumberColumns
from services.core.conventions import STALE_BITS
from services.core.errors import InvalidInput, Violation

NO_VALUE = "holds no value"
KIND_WORD = 10
UNTOLD_KIND = 4

BROKEN = InvalidInput.of("", "the message is no valid ExportMetricsServiceRequest")


def read(tenant: str, message: bytes, known: Decoder, secrets: Redactor) -> MetricsDraft:
    """The points of a serialised request. Raises InvalidInput when it is none, or holds too many points."""
    try:
        points = known.scan(tenant, message)
        if points is not None:
            return _Scanned(message, points, secrets).draft(partial(known.learn, tenant))
        return _walked(ExportMetricsServiceRequest.FromString(message), secrets)
    except TooManyPoints as error:
        raise InvalidInput.of("", f"a request may hold {decoder.MAX_POINTS:,} points; send it in parts") from error
    except (DecodeError, UnicodeDecodeError) as error:
        raise BROKEN from error


class _Faults:
    """Points that cannot be kept, counted, and the first of them by name."""

    def __init__(self) -> None:
        self._count = 0
        self._first: list[Violation] = []

    def add(self, metric: str, description: str, count: int = 1) -> None:
        self._count += count
        fault = Violation(metric, description)
        if len(self._first) < FIRST and fault not in self._first:
            self._first.append(fault)

    def refused(self) -> Refused:
        return Refused(self._count, tuple(self._first))


class _Scanned:
    """A request that was read by the compiled walk: Python reads what it did not know."""

    def __init__(self, message: bytes, points: Points, secrets: Redactor) -> None:
        self._message = message
        self._points = points
        self._secrets = secrets
        self._series = Series(secrets)
        self._exemplars = Exemplars(secrets)
        self._sources: dict[int, Source] = {}
        self._resources: dict[bytes, Labels] = {}

    def draft(self, learn: Callable[[Any, Any], None]) -> MetricsDraft:
        points, faults = self._points, _Faults()
        keep = self._sound(faults)
        places = np.full(len(keep), KNOWN, np.intp)
        fresh = np.flatnonzero(keep & (points.flags & decoder.KNOWN == 0))
        keys = self._define(fresh, places)
        told = np.flatnonzero(keep & (points.flags & decoder.EXEMPLARS != 0))
        self._tell_exemplars(told, places)
        distributions = Distributions(self._series, self._exemplars)
        for metric in np.flatnonzero(points.metrics[:, KIND_WORD] == 0).tolist():
            distributions.add(Metric.FromString(self._slice(metric, 2)), self._source(metric))
        rows = np.flatnonzero(keep)
        named = points.point_metrics[rows]
        numbers = NumberColumns(
            points.ids[rows],
            places[rows],
            (points.times_ns[rows] // 1_000_000).astype(np.int64),
            points.values[rows],
            lambda row: self._name(int(named[row])),
        )
        return _draft(self._series, numbers, distributions, self._exemplars, faults, partial(_learn, learn, keys))

    def _sound(self, faults: _Faults) -> Any:
        """Which points are worth a look. One that says that there is no value ends its series."""
        points = self._points
        kinds = points.metrics[points.point_metrics, KIND_WORD]
        unrecorded = points.flags & decoder.NO_RECORD != 0
        points.values.view(np.uint64)[unrecorded] = STALE_BITS
        untold = kinds == UNTOLD_KIND
        empty = (points.flags & decoder.NO_VALUE != 0) & ~unrecorded & ~untold
        for mask, description in ((untold, NO_TEMPORALITY), (empty, NO_VALUE)):
            if mask.any():
                metrics, counts = np.unique(points.point_metrics[mask], return_counts=True)
                for metric, count in zip(metrics.tolist(), counts.tolist(), strict=True):
                    faults.add(self._name(metric), description, count)
        return ~(untold | empty)

    def _define(self, fresh: Rows, places: Rows) -> list[tuple[bytes, int]]:
        """Enter the series of points that are not known; the key of each, and its place."""
        keys: dict[bytes, int] = {}
        for row in fresh.tolist():
            key = self._points.keys[row].tobytes()
            place = keys.get(key)
            if place is None:
                offset, length = self._points.slices[row].tolist()
                attributes = NumberDataPoint.FromString(self._message[offset : offset + length]).attributes
                place = keys[key] = self._series.place(self._source(int(self._points.point_metrics[row])), attributes)
            places[row] = place
        return list(keys.items())

    def _tell_exemplars(self, rows: Rows, places: Rows) -> None:
        points = self._points
        for row in rows.tolist():
            offset, length = points.slices[row].tolist()
            message, name = self._message[offset : offset + length], self._name(int(points.point_metrics[row]))
            exemplars_of(message, name, int(places[row]), int(points.ids[row]), self._exemplars)

    def _source(self, metric: int) -> Source:
        found = self._sources.get(metric)
        if found is None:
            scope = InstrumentationScope.FromString(self._slice(metric, 1)).name
            unit, kind = self._slice(metric, 4).decode(), int(self._points.metrics[metric, KIND_WORD])
            found = Source(self._resource(self._slice(metric, 0)), scope, self._name(metric), unit, kind)
            if not kind:
                found = _source(Metric.FromString(self._slice(metric, 2)), found.resource, scope)
            self._sources[metric] = found
        return found

    def _resource(self, message: bytes) -> Labels:
        found = self._resources.get(message)
        if found is None:
            found = self._resources[message] = labels(Resource.FromString(message).attributes, self._secrets)
        return found

    def _name(self, metric: int) -> str:
        return self._slice(metric, 3).decode()

    def _slice(self, metric: int, which: int) -> bytes:
        offset, length = self._points.metrics[metric, 2 * which : 2 * which + 2].tolist()
        return self._message[offset : offset + length]


def _learn(learn: Callable[[Any, Any], None], keys: Sequence[tuple[bytes, int]], ids: Ids) -> None:
    """Remember the identities of definitions, 0 where one was refused, under the keys that led to them."""
    found = ids[[place for _key, place in keys]] if keys else ids[:0]
    words = np.frombuffer(b"".join(key for key, _place in keys), np.uint64).reshape(-1, 2)
    learn(words[found != 0], found[found != 0])


def _walked(request: ExportMetricsServiceRequest, secrets: Redactor) -> MetricsDraft:
    """The same in Python, point by point."""
    series, exemplars, faults = Series(secrets), Exemplars(secrets), _Faults()
    distributions = Distributions(series, exemplars)
    kept: list[tuple[int, int, int]] = []
    names: list[str] = []
    for metric, source in _metrics(request, secrets):
        if not (metric.HasField("gauge") or metric.HasField("sum")):
            continue
        kind = number_kind(metric)
        for point in (metric.gauge if metric.HasField("gauge") else metric.sum).data_points:
            told, ends = point.WhichOneof("value"), point.flags & NO_RECORD
            if kind is None or not (told or ends):
                faults.add(metric.name, NO_TEMPORALITY if kind is None else NO_VALUE)
                continue
            place = series.place(source, point.attributes)
            value = STALE_BITS if ends else int(np.float64(getattr(point, told or "")).view(np.uint64))
            kept.append((place, point.time_unix_nano // 1_000_000, value))
            names.append(metric.name)
            exemplars.add(point.exemplars, metric.name, place)
    if len(kept) > decoder.MAX_POINTS:
        raise TooManyPoints
    for metric, source in _metrics(request, secrets):
        distributions.add(metric, source)
    numbers = NumberColumns(
        np.zeros(len(kept), np.uint64),
        np.array([row[0] for row in kept], np.intp),
        np.array([row[1] for row in kept], np.int64),
        np.array([row[2] for row in kept], np.uint64).view(np.float64),
        names.__getitem__,
    )
    return _draft(series, numbers, distributions, exemplars, faults, lambda _ids: None)


def _metrics(request: ExportMetricsServiceRequest, secrets: Redactor) -> Iterator[tuple[Metric, Source]]:
    for by_resource in request.resource_metrics:
        resource = labels(by_resource.resource.attributes, secrets)
        for by_scope in by_resource.scope_metrics:
            for metric in by_scope.metrics:
                yield metric, _source(metric, resource, by_scope.scope.name)


# Kinds of distributions, as binnacle.metrics.v1.MetricKind numbers them.
_KINDS = {"histogram": 4, "exponential_histogram": 5, "summary": 6}


def _source(metric: Metric, resource: Labels, scope: str) -> Source:
    told = metric.WhichOneof("data") or "gauge"
    return Source(resource, scope, metric.name, metric.unit, _KINDS.get(told) or number_kind(metric) or 1)


def _draft(
    series: Series,
    numbers: NumberColumns,
    distributions: Distributions,
    exemplars: Exemplars,
    faults: _Faults,
    learn: Callable[[Ids], None],
) -> MetricsDraft:
    return MetricsDraft(
        series.definitions,
        numbers,
        distributions.histograms(),
        distributions.exponential_histograms(),
        distributions.summaries(),
        exemplars.placed(),
        distributions.unrecorded,
        faults.refused(),
        learn,
    )
