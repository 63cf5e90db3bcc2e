"""What alerting does, as metrics of its process. This module is the list of them."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.alerting.ports.alerts import AlertState
from services.alerting.ports.notifications import Outcome


class PrometheusGauges:
    """Metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._evaluations = Counter(
            "binnacle_alerting_evaluations",
            "Ticks at which all rules of one interval of a tenant were judged.",
            registry=registry,
        )
        self._lag = Gauge(
            "binnacle_alerting_evaluation_lag_seconds",
            "How late the tick judged last was judged.",
            registry=registry,
        )
        self._transitions = Counter(
            "binnacle_alerting_transitions", "Alerts that went into a state.", ("state",), registry=registry
        )
        self._source_failures = Counter(
            "binnacle_alerting_source_failures",
            "Questions that the aggregator did not answer, and feeds of it that broke off.",
            registry=registry,
        )
        self._store_failures = Counter(
            "binnacle_alerting_store_failures", "Reads and writes of the state that Redis failed.", registry=registry
        )
        self._leads = Gauge(
            "binnacle_alerting_leads", "1 while this process judges; of several one does.", registry=registry
        )
        self._lease_losses = Counter(
            "binnacle_alerting_lease_losses",
            "How often this process led and lost its lease: to another, to time, or with Redis' memory.",
            registry=registry,
        )
        self._record_failures = Counter(
            "binnacle_alerting_record_failures", "Recordings that failed and were tried again.", registry=registry
        )
        self._records_dropped = Counter(
            "binnacle_alerting_records_dropped",
            "Transitions and attempts never recorded: the queue was full, or the collector refused them.",
            registry=registry,
        )
        self._notifications = Counter(
            "binnacle_alerting_notifications",
            "Attempts to tell receivers something, by how they are reached and what came of it.",
            ("kind", "outcome"),
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

    def leads(self, leads: bool) -> None:
        self._leads.set(leads)

    def lease_lost(self) -> None:
        self._lease_losses.inc()

    def record_failed(self) -> None:
        self._record_failures.inc()

    def record_dropped(self, transitions: int) -> None:
        self._records_dropped.inc(transitions)

    def notified(self, kind: str, outcome: Outcome) -> None:
        self._notifications.labels(kind, outcome.value).inc()
