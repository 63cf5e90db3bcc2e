"""Every metric of the collector, declared once."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

WRITE_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class CollectorMetrics:
    """The collector's figures in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._accepted = Counter(
            "binnacle_collector_points_accepted",
            "Points acknowledged or about to be, by kind (samples, events, logs, heartbeats).",
            ("kind",),
            registry=registry,
        )
        self._rejected = Counter(
            "binnacle_collector_points_rejected",
            "Points that broke a rule, by kind.",
            ("kind",),
            registry=registry,
        )
        # To find the counter of a label costs as much as to count.
        self._taken: dict[str, tuple[Counter, Counter]] = {}
        self._repeats = Counter(
            "binnacle_collector_repeats",
            "Requests with a batch_id or Idempotency-Key that were answered from memory, and not written again.",
            registry=registry,
        )
        self._refused = Counter(
            "binnacle_collector_refused",
            "Points refused, by kind and reason (rule, malformed, clock_skew, unknown_series, active_series, "
            "request_size, rate, capacity, series, journal); a request refused undecoded counts as one.",
            ("kind", "reason"),
            registry=registry,
        )
        self._redacted = Counter(
            "binnacle_collector_redacted_values",
            "Values of attributes and labels that were replaced, because they were named like secrets, by kind.",
            ("kind",),
            registry=registry,
        )
        self._write = Histogram(
            "binnacle_collector_journal_write_seconds",
            "One transaction of the journal: all requests that waited, with its fsync.",
            buckets=WRITE_BUCKETS,
            registry=registry,
        )
        self._size = Gauge(
            "binnacle_collector_journal_bytes", "Disk space of the records in the journal.", registry=registry
        )
        self._uncommitted = Gauge(
            "binnacle_collector_journal_uncommitted_records",
            "Records in the journal that the store has not committed.",
            registry=registry,
        )
        self._lag = Gauge(
            "binnacle_collector_forward_lag_seconds",
            "Age of the oldest record that the store has not committed; 0 when there is none.",
            registry=registry,
        )

        self._damaged = Counter(
            "binnacle_collector_journal_damaged_records",
            "Records found damaged when the journal was opened; what they held is lost.",
            registry=registry,
        )

    def refused(self, kind: str, reason: str, count: int) -> None:
        """Count what was refused, by reason."""
        self._refused.labels(kind, reason).inc(count)

    def taken(self, kind: str, accepted: int, rejected: int) -> None:
        """Count the points of one request."""
        counters = self._taken.get(kind)
        if counters is None:
            counters = self._taken[kind] = self._accepted.labels(kind), self._rejected.labels(kind)
        counters[0].inc(accepted)
        if rejected:
            counters[1].inc(rejected)

    def redacted(self, kind: str, count: int) -> None:
        """Count values that were replaced."""
        self._redacted.labels(kind).inc(count)

    def repeated(self) -> None:
        """Count a request that had been taken before."""
        self._repeats.inc()

    def written(self, seconds: float) -> None:
        """Count one transaction of the journal."""
        self._write.observe(seconds)

    def damaged(self, records: int) -> None:
        """Count records that could not be read when the journal was opened."""
        self._damaged.inc(records)

    def held(self, size_bytes: int, records: int, lag_seconds: float) -> None:
        """Tell what the journal holds."""
        self._size.set(size_bytes)
        self._uncommitted.set(records)
        self._lag.set(lag_seconds)
