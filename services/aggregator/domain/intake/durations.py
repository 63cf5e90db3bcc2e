"""What OpenTelemetry's duration histograms and server spans say of traffic.

A cumulative histogram tells all since its start: what it adds is the difference to the point before, so the newest
point of each series is remembered, and read back from the store after a start.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.aggregator.domain.intake.buckets import bucket_numbers, bucket_value
from services.aggregator.domain.intake.series_roles import SeriesRoles
from services.aggregator.ports.records import Flags, Floats, Longs, Record, Series
from services.core import conventions
from services.core.columns import (
    DELTA,
    NO_TELEMETRY,
    ExponentialHistogramColumns,
    HistogramColumns,
    Lists,
    Telemetry,
)

NANO = 1_000_000_000
# A series that was never seen, but began so shortly ago, began with us: all it tells is new.
FRESH_NS = conventions.FIGURES_WINDOW * NANO
# More than anybody counts, and safely added up.
MOST = 10**15
_PER_UNIT = {"s": 1_000.0, "ms": 1.0, "us": 0.001, "µs": 0.001, "ns": 1e-6}
_FAILING_RPC_CODES = frozenset(("2", "4", "12", "13", "14", "15"))

Buckets = dict[int, int]
_Read = Callable[[int], tuple[Floats, Longs]]
"""The value that stands for each bucket of a row, and the bucket's count."""


@dataclass(frozen=True, slots=True)
class Increment:
    """Requests of one second: how many, how many failed, and their latencies in milliseconds by bucket."""

    second: int
    service: str
    endpoint: str
    requests: float
    errors: float
    latency_sum_ms: float
    buckets: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Added:
    """What one record adds to traffic: increments of histograms, and which rows of its span traffic count.

    Decided once, when the record is fed, so that what is shown and what is stored agree.
    """

    increments: Sequence[Increment] = ()
    spans: Flags | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """One point; `sum_ms` is NaN when untold."""

    time_ns: int
    start_ns: int
    cumulative: bool
    count: int
    sum_ms: float
    buckets: Buckets


class Durations:
    """The duration series of one tenant. `pending` holds what records added that are not committed yet."""

    def __init__(self) -> None:
        self._newest: dict[int, _Told] = {}
        self._pending: dict[str, dict[int, Added]] = {}

    def restore(self, parts: Sequence[Telemetry], roles: SeriesRoles) -> None:
        """Remember the newest points of the store; parts in order of time."""
        for telemetry in parts:
            for _increment in self._increments(telemetry, roles):
                pass

    def feed(self, journal_id: str, record: Record, roles: SeriesRoles) -> None:
        """Take in a record, once."""
        if record.telemetry is NO_TELEMETRY:
            return
        found = Added(list(self._increments(record.telemetry, roles)), _untimed(record, roles))
        if found.increments or found.spans is not None:
            self._pending.setdefault(journal_id, {})[record.offset] = found

    def pending(self, journal_id: str) -> Mapping[int, Added]:
        """What records of a journal added, by offset."""
        return self._pending.get(journal_id, {})

    def committed(self, journal_id: str, to_offset: int) -> None:
        """Forget what records below an offset added."""
        held = self._pending.get(journal_id, {})
        for offset in [offset for offset in held if offset < to_offset]:
            del held[offset]

    def _increments(self, telemetry: Telemetry, roles: SeriesRoles) -> Iterator[Increment]:
        told: tuple[tuple[Any, Callable[[Any], _Read]], ...] = (
            (telemetry.histograms, _explicit),
            (telemetry.exponential_histograms, _exponential),
        )
        for columns, read in told:
            if columns is None:
                continue
            chosen = roles.select(columns.series_ids)
            buckets_of = read(columns) if len(chosen.rows) else None
            for row, entry in zip(chosen.rows.tolist(), chosen.entries.tolist(), strict=True):
                series = roles.series(entry)
                if buckets_of is not None and series.name in conventions.DURATION_METRICS:
                    increment = self._advance(series, _told(columns, row, series, *buckets_of(row)))
                    if increment is not None:
                        yield increment

    def _advance(self, series: Series, told: _Told) -> Increment | None:
        if not told.cumulative:
            return _increment(series, told)
        before = self._newest.get(series.id)
        if before is not None and told.time_ns <= before.time_ns:
            return None
        self._newest[series.id] = told
        if before is None:
            fresh = told.start_ns > 0 and told.time_ns - told.start_ns <= FRESH_NS
            return _increment(series, told) if fresh else None
        if told.start_ns != before.start_ns or told.count < before.count:
            return _increment(series, told)  # It began anew.
        grown = {number: count - before.buckets.get(number, 0) for number, count in told.buckets.items()}
        sum_ms = told.sum_ms - before.sum_ms
        buckets = {number: count for number, count in grown.items() if count > 0}
        return _increment(series, _Told(told.time_ns, 0, False, told.count - before.count, sum_ms, buckets))


def _untimed(record: Record, roles: SeriesRoles) -> Flags | None:
    """The server spans whose services send no histogram of the same requests."""
    traffic, spans = record.span_traffic, record.telemetry.spans
    if traffic is None or spans is None:
        return None
    told = [spans.services[row] not in roles.timed_services for row in traffic.rows.tolist()]
    return np.array(told, np.bool_) if any(told) else None


def _increment(series: Series, told: _Told) -> Increment | None:
    if not told.count:
        return None
    endpoint, failed = meaning(series.labels.get)
    sum_ms = told.sum_ms
    if not 0.0 <= sum_ms < math.inf:
        sum_ms = sum(bucket_value(number) * count for number, count in told.buckets.items())
    requests = float(told.count)
    service = series.labels.get(conventions.SERVICE_LABEL, "")
    return Increment(
        told.time_ns // NANO, service, endpoint, requests, requests if failed else 0.0, sum_ms, told.buckets
    )


def meaning(get: Callable[[str], Any]) -> tuple[str, bool]:
    """Endpoint, and whether it failed, of attributes as OpenTelemetry names them; `get` gives one or None."""
    endpoint = get("http.route") or get(conventions.ENDPOINT_LABEL) or ""
    if not endpoint and get("rpc.method"):
        endpoint = "/".join(str(part) for part in (get("rpc.service"), get("rpc.method")) if part)
    status = get("http.response.status_code") or get("http.status_code")
    if status:
        digits = str(status)
        return str(endpoint), digits.isdecimal() and int(digits[:4]) >= conventions.FIRST_FAILING_STATUS
    code = get("rpc.grpc.status_code")
    if code not in (None, ""):
        return str(endpoint), str(code) in _FAILING_RPC_CODES
    return str(endpoint), bool(get("error.type"))


def _told(columns: Any, row: int, series: Series, values: Floats, counts: Longs) -> _Told:
    per_unit = _PER_UNIT.get(series.unit, 1_000.0)
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = bucket_numbers(np.nan_to_num(values * per_unit, nan=0.0, posinf=1e15, neginf=0.0))
    buckets: Buckets = {}
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        if count:
            buckets[number] = buckets.get(number, 0) + count
    return _Told(
        int(columns.times_ns[row]),
        int(columns.start_times_ns[row]),
        int(columns.temporalities[row]) != DELTA,
        min(int(columns.counts[row]), MOST),
        float(columns.sums[row]) * per_unit,
        buckets,
    )


def _rows(lists: Lists) -> Callable[[int], Any]:
    starts = lists.starts
    return lambda row: lists.flat[starts[row] : starts[row + 1]]


def _counts(counts: Any) -> Longs:
    bounded: Longs = np.minimum(counts, np.uint64(MOST)).astype(np.int64)
    return bounded


def _explicit(columns: HistogramColumns) -> _Read:
    """The middle of each bucket, and its count; of the last, its lower bound."""
    bounds_of, counts_of = _rows(columns.bounds), _rows(columns.buckets)

    def read(row: int) -> tuple[Floats, Longs]:
        bounds, counts = bounds_of(row), counts_of(row)
        if not len(bounds):
            return np.zeros(len(counts)), _counts(counts)
        low, high = np.concatenate(([0.0], bounds)), np.concatenate((bounds, bounds[-1:]))
        return (np.maximum(low, 0.0) + np.maximum(high, 0.0)) / 2, _counts(counts)

    return read


def _exponential(columns: ExponentialHistogramColumns) -> _Read:
    """The middle of each positive bucket, and 0 for all that is not positive."""
    positive_of, negative_of = _rows(columns.positive), _rows(columns.negative)

    def read(row: int) -> tuple[Floats, Longs]:
        positive = positive_of(row)
        places = int(columns.positive_offsets[row]) + np.arange(len(positive)) + 0.5
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            values = np.exp2(places * np.exp2(-float(columns.scales[row])))
        held = np.concatenate((positive, columns.zero_counts[row : row + 1], negative_of(row)))
        return np.concatenate((values, np.zeros(len(held) - len(values)))), _counts(held)

    return read
