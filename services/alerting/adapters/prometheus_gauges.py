"""What alerting does, as metrics of its process. This module is the list of them."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.alerting.ports import AlertState


class PrometheusGauges:
    """Metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._evaluations = Counter(
            "binnacle_alerting_evaluations", "Observations judged by every rule.", registry=registry
        )
        self._lag = Gauge(
            "binnacle_alerting_evaluation_lag_seconds",
            "Age of the observation judged last, at the time it was judged.",
            registry=registry,
        )
        self._transitions = Counter(
            "binnacle_alerting_transitions", "Alerts that went into a state.", ("state",), registry=registry
        )
        self._source_failures = Counter(
            "binnacle_alerting_source_failures", "Breaks of the aggregator's live overview.", registry=registry
        )
        self._store_failures = Counter(
            "binnacle_alerting_store_failures", "Reads and writes of the state that Redis failed.", registry=registry
        )
        self._record_failures = Counter(
            "binnacle_alerting_record_failures", "Recordings that failed and were tried again.", registry=registry
        )
        self._records_dropped = Counter(
            "binnacle_alerting_records_dropped",
            "Transitions never recorded: the queue was full, or the collector refused them.",
            registry=registry,
        )
        for state in AlertState:
            self._transitions.labels(state.value)

    def evaluated(self, lag: float) -> None:
        self._evaluations.inc()
        self._lag.set(lag)

    def transitioned(self, state: AlertState) -> None:
        self._transitions.labels(state.value).inc()

    def source_failed(self) -> None:
        self._source_failures.inc()

    def store_failed(self) -> None:
        self._store_failures.inc()

    def record_failed(self) -> None:
        self._record_failures.inc()

    def record_dropped(self, transitions: int) -> None:
        self._records_dropped.inc(transitions)
