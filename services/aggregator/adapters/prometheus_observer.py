"""The aggregator's own metrics."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class PrometheusObserver:
    """Counts in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rows = Counter(
            "binnacle_aggregator_rows", "Rows committed to the store, by table.", ("table",), registry=registry
        )
        self._commits = Histogram(
            "binnacle_aggregator_commit_seconds", "Time to commit a segment.", buckets=SECONDS, registry=registry
        )
        self._lag = Histogram(
            "binnacle_aggregator_lag_seconds",
            "Time from acceptance to commit, of the oldest record of a segment.",
            buckets=SECONDS,
            registry=registry,
        )
        self._failures = Counter(
            "binnacle_aggregator_commit_failures", "Commits that failed and were tried again.", registry=registry
        )
        self._repeats = Counter(
            "binnacle_aggregator_repeats",
            "Requests left out because another with the same batch_id or Idempotency-Key is kept.",
            registry=registry,
        )
        self._names = Gauge(
            "binnacle_aggregator_batch_ids", "Names of requests that are remembered.", registry=registry
        )
        self._horizon = Gauge(
            "binnacle_aggregator_repeat_horizon_seconds",
            "How far back every named request is remembered; less than the setting when there were too many.",
            registry=registry,
        )
        self._journals = Gauge("binnacle_aggregator_journals", "Journals connected.", registry=registry)
        self._watchers = Gauge("binnacle_aggregator_watchers", "Readers of live overviews.", registry=registry)

    def committed(self, rows: Mapping[str, int], seconds: float, lag_seconds: float) -> None:
        for table, count in rows.items():
            self._rows.labels(table).inc(count)
        self._commits.observe(seconds)
        self._lag.observe(lag_seconds)

    def commit_failed(self) -> None:
        self._failures.inc()

    def repeated(self, requests: int) -> None:
        self._repeats.inc(requests)

    def names(self, held: int, horizon_seconds: float) -> None:
        self._names.set(held)
        self._horizon.set(horizon_seconds)

    def journals(self, connected: int) -> None:
        self._journals.set(connected)

    def watchers(self, connected: int) -> None:
        self._watchers.set(connected)
