"""Makes signals of records: requests, errors and latency by second, service and endpoint. No loop over samples."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.intake.buckets import LAST_BUCKET, bucket_numbers, bucket_value
from services.aggregator.domain.intake.durations import Added, Increment
from services.aggregator.domain.intake.series_roles import Role, SeriesRoles
from services.aggregator.ports.records import Flags, Floats, Longs, Record
from services.aggregator.ports.signals import SignalColumns
from services.core import conventions
from services.core.columns import NO_TELEMETRY

Key = tuple[str, str]
Keys = npt.NDArray[np.int64]
_NOT_A_BUCKET = LAST_BUCKET + 1
_NOTHING_ADDED: Mapping[int, Added] = {}


class _Observations:
    """What records say about traffic, one array element per event or sample that says something."""

    def __init__(self) -> None:
        self.keys: dict[Key, int] = {}
        self.parts: list[tuple[Longs, Keys, Floats, Floats, Floats]] = []
        self.weights: list[tuple[Floats, Floats] | None] = []

    def key(self, service: str, endpoint: str) -> int:
        return self.keys.setdefault((service, endpoint), len(self.keys))

    def keys_of(self, services: Sequence[str], endpoints: Sequence[str]) -> Keys:
        """The key of each row."""
        rows = list(zip(services, endpoints, strict=True))
        for service, endpoint in dict.fromkeys(rows):
            self.key(service, endpoint)
        return np.fromiter(map(self.keys.__getitem__, rows), np.int64, len(rows))

    def add(
        self,
        seconds: Longs,
        keys: Keys,
        requests: Floats,
        errors: Floats,
        latencies_ms: Floats,
        weights: tuple[Floats, Floats] | None = None,
    ) -> None:
        """`weights` says how often each latency was seen, and what it adds to their sum: once, and itself, if None."""
        self.parts.append((seconds, keys, requests, errors, latencies_ms))
        self.weights.append(weights)

    def weighed(self) -> tuple[Floats, Floats] | None:
        """The weights of all parts; None when none has any."""
        if not any(self.weights):
            return None
        each = [
            given or (np.ones(len(part[4])), np.nan_to_num(part[4]))
            for part, given in zip(self.parts, self.weights, strict=True)
        ]
        return np.concatenate([counts for counts, _sums in each]), np.concatenate([sums for _counts, sums in each])


def signals_by_tenant(
    records: Sequence[Record], roles: Mapping[str, SeriesRoles], durations: Mapping[int, Added] = _NOTHING_ADDED
) -> dict[str, SignalColumns]:
    """The signals of each tenant that has any. `roles` knows their series; `durations` as in signals_of."""
    by_tenant: dict[str, list[Record]] = {}
    for record in records:
        if record.events is not None or record.samples is not None or record.telemetry is not NO_TELEMETRY:
            by_tenant.setdefault(record.tenant, []).append(record)
    nobody = SeriesRoles()
    made = {tenant: signals_of(theirs, roles.get(tenant, nobody), durations) for tenant, theirs in by_tenant.items()}
    return {tenant: columns for tenant, columns in made.items() if len(columns)}


def signals_of(
    records: Iterable[Record], roles: SeriesRoles, durations: Mapping[int, Added] = _NOTHING_ADDED
) -> SignalColumns:
    """The signals of one tenant's records, in order of second, service and endpoint as first met.

    `durations` is what the histograms and spans of records add, by offset.
    """
    found = _Observations()
    for record in records:
        if record.events is not None and len(record.events.traffic.rows):
            _observe_events(record, found)
        if record.samples is not None:
            _observe_samples(record, roles, found)
        added = durations.get(record.offset)
        if added is not None:
            _observe_durations(added.increments, found)
            if added.spans is not None:
                _observe_spans(record, added.spans, found)
    return _summed(found) if found.parts else SignalColumns()


def _observe_events(record: Record, found: _Observations) -> None:
    events = record.events
    assert events is not None
    traffic = events.traffic
    services = events.services
    if len(services) != len(traffic.rows):
        services = [services[row] for row in traffic.rows.tolist()]
    keys = found.keys_of(services, traffic.endpoints)
    seconds = events.times_us[traffic.rows] // 1_000_000
    found.add(seconds, keys, traffic.requests, traffic.errors, traffic.latencies_ms)


def _observe_samples(record: Record, roles: SeriesRoles, found: _Observations) -> None:
    samples = record.samples
    assert samples is not None
    chosen = roles.select(samples.series_ids)
    values = samples.values[chosen.rows]
    # No requests are no traffic; a latency of nothing is one.
    counted = (values > 0.0) & (chosen.roles <= Role.LATENCY) | (values == 0.0) & (chosen.roles == Role.LATENCY)
    rows, entries, values, role = chosen.rows[counted], chosen.entries[counted], values[counted], chosen.roles[counted]
    if not len(rows):
        return
    distinct, places = np.unique(entries, return_inverse=True)
    labels = [roles.series(entry).labels for entry in distinct.tolist()]
    keys = np.array(
        [
            found.key(each.get(conventions.SERVICE_LABEL, ""), each.get(conventions.ENDPOINT_LABEL, ""))
            for each in labels
        ],
        np.int64,
    )
    found.add(
        samples.times_ms[rows] // 1_000,
        keys[places],
        np.where(role == Role.REQUESTS, values, 0.0),
        np.where(role == Role.ERRORS, values, 0.0),
        np.where(role == Role.LATENCY, values, np.nan),
    )


def _observe_spans(record: Record, told: Flags, found: _Observations) -> None:
    spans, traffic = record.telemetry.spans, record.span_traffic
    assert spans is not None
    assert traffic is not None
    keys = found.keys_of([spans.services[row] for row in traffic.rows.tolist()], traffic.endpoints)
    ends = (spans.times_ns[traffic.rows] + spans.durations_ns[traffic.rows]) // 1_000_000_000
    found.add(ends[told], keys[told], traffic.requests[told], traffic.errors[told], traffic.latencies_ms[told])


def _observe_durations(increments: Sequence[Increment], found: _Observations) -> None:
    for one in increments:
        # One element for the requests, and one for each bucket of their latencies.
        size = 1 + len(one.buckets)
        rest = np.zeros(size - 1)
        latencies = np.array([np.nan, *(bucket_value(number) for number in one.buckets)])
        found.add(
            np.full(size, one.second, np.int64),
            np.full(size, found.key(one.service, one.endpoint), np.int64),
            np.concatenate(([one.requests], rest)),
            np.concatenate(([one.errors], rest)),
            latencies,
            (np.array([0.0, *one.buckets.values()]), np.concatenate(([one.latency_sum_ms], rest))),
        )


def _summed(found: _Observations) -> SignalColumns:
    seconds, keys, requests, errors, latencies = (np.concatenate(part) for part in zip(*found.parts, strict=True))
    first = int(seconds.min())
    # Second and key as one number; a block spans days at most, so there is room.
    cells = (seconds - first) * len(found.keys) + keys
    distinct, rows = np.unique(cells, return_inverse=True)
    size = len(distinct)
    observed = ~np.isnan(latencies)
    weighed = found.weighed()
    weights = None if weighed is None else weighed[0][observed]
    lengths, buckets, counts = _histograms(rows[observed], latencies[observed], weights, size)
    names = list(found.keys)
    chosen = [names[place] for place in (distinct % len(names)).tolist()]
    return SignalColumns(
        distinct // len(names) + first,
        [service for service, _endpoint in chosen],
        [endpoint for _service, endpoint in chosen],
        _sums(rows, requests, size),
        _sums(rows, errors, size),
        np.bincount(rows[observed], weights, minlength=size).astype(np.float64),
        _sums(rows[observed], latencies[observed], size) if weighed is None else _sums(rows, weighed[1], size),
        np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        buckets,
        counts,
    )


def _sums(rows: npt.NDArray[np.intp], values: Floats, size: int) -> Floats:
    return np.bincount(rows, values, size).astype(np.float64, copy=False)


def _histograms(
    rows: npt.NDArray[np.intp], latencies_ms: Floats, weights: Floats | None, size: int
) -> tuple[Longs, npt.NDArray[np.uint16], Longs]:
    """Lengths of the rows' histograms, and the buckets and counts of all, row after row."""
    numbers = rows.astype(np.int64) * _NOT_A_BUCKET + bucket_numbers(latencies_ms)
    if weights is None:
        cells, counts = np.unique(numbers, return_counts=True)
    else:
        cells, places = np.unique(numbers, return_inverse=True)
        counts = np.bincount(places, weights, minlength=len(cells))
    lengths = np.bincount(cells // _NOT_A_BUCKET, minlength=size)
    return lengths, (cells % _NOT_A_BUCKET).astype(np.uint16), counts.astype(np.int64)


def subset(columns: SignalColumns, rows: npt.NDArray[np.intp]) -> SignalColumns:
    """Only the given rows."""
    starts, lengths = columns.bucket_starts[rows], np.diff(columns.bucket_starts)[rows]
    new_starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    places = np.repeat(starts - new_starts[:-1], lengths) + np.arange(int(new_starts[-1]))
    return SignalColumns(
        columns.seconds[rows],
        [columns.services[row] for row in rows.tolist()],
        [columns.endpoints[row] for row in rows.tolist()],
        columns.requests[rows],
        columns.errors[rows],
        columns.latency_counts[rows],
        columns.latency_sums_ms[rows],
        new_starts,
        columns.buckets[places],
        columns.bucket_counts[places],
    )


def joined(parts: Sequence[SignalColumns]) -> SignalColumns:
    """Rows of all parts (at least one), one after the other."""
    lengths = np.concatenate([np.diff(part.bucket_starts) for part in parts])
    return SignalColumns(
        np.concatenate([part.seconds for part in parts]),
        [service for part in parts for service in part.services],
        [endpoint for part in parts for endpoint in part.endpoints],
        np.concatenate([part.requests for part in parts]),
        np.concatenate([part.errors for part in parts]),
        np.concatenate([part.latency_counts for part in parts]),
        np.concatenate([part.latency_sums_ms for part in parts]),
        np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        np.concatenate([part.buckets for part in parts]),
        np.concatenate([part.bucket_counts for part in parts]),
    )
