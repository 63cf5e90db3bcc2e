"""A handful of Envoy's statistics, from its admin interface.

envoy_requests{class}              requests answered to clients, running total by class (`2xx`)
envoy_active_connections           connections of clients
envoy_active_requests              requests of clients being answered
envoy_upstream_latency_ms{cluster} average of the requests a service answered since the last reading
envoy_memory_bytes                 heap in use
"""

from collections.abc import Iterator, Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.core import conventions
from services.core.clock import Clock
from services.launcher.agent.readings import Rates, Reading

REQUESTS = "envoy_requests"
CONNECTIONS = "envoy_active_connections"
ACTIVE_REQUESTS = "envoy_active_requests"
UPSTREAM_LATENCY = "envoy_upstream_latency_ms"
MEMORY = "envoy_memory_bytes"

TIMEOUT_SECONDS = 2.0
# Asked for by name: the whole is near two thousand series, most of them buckets.
_FILTER = (
    r"^http\.edge\.downstream_(rq_[1-5]xx|rq_active|cx_active)$"
    r"|^cluster\.[^.]*\.upstream_rq_time$"
    r"|^server\.memory_allocated$"
)
_GAUGES = {
    "envoy_http_downstream_cx_active": (CONNECTIONS, "1"),
    "envoy_http_downstream_rq_active": (ACTIVE_REQUESTS, "1"),
    "envoy_server_memory_allocated": (MEMORY, "By"),
}
_TIME = "envoy_cluster_upstream_rq_time"


class EnvoyStatistics:
    """Reads one Envoy at a unix socket path or an `http://` address; gives nothing while it does not answer."""

    def __init__(self, admin: str, host: str, clock: Clock) -> None:
        remote = admin.startswith("http://")
        transport = None if remote else httpx.AsyncHTTPTransport(uds=admin)
        self._http = httpx.AsyncClient(
            transport=transport, base_url=admin if remote else "http://envoy", timeout=TIMEOUT_SECONDS
        )
        self._labels = {conventions.HOST_LABEL: host}
        self._clock = clock
        self._rates = Rates()

    async def read(self) -> list[Reading]:
        """The statistics now."""
        try:
            answer = await self._http.get("/stats", params={"format": "prometheus", "filter": _FILTER})
            answer.raise_for_status()
            return list(self._readings(answer.text))
        except (httpx.HTTPError, ValueError):
            return []

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    def _readings(self, text: str) -> Iterator[Reading]:
        sums: dict[str, float] = {}
        counts: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                yield from self._plain(sample.name, sample.labels, sample.value)
                cluster = sample.labels.get("envoy_cluster_name", "")
                if sample.name == f"{_TIME}_sum":
                    sums[cluster] = sample.value
                elif sample.name == f"{_TIME}_count":
                    counts[cluster] = sample.value
        yield from self._latencies(sums, counts)

    def _plain(self, name: str, labels: Mapping[str, str], value: float) -> Iterator[Reading]:
        if name in _GAUGES:
            metric, unit = _GAUGES[name]
            yield Reading(metric, value, self._labels, unit=unit)
        elif name.startswith("envoy_http_downstream_rq_xx"):
            answered = f"{labels.get('envoy_response_code_class', '')}xx"
            yield Reading(REQUESTS, value, {**self._labels, "class": answered}, kind="counter")

    def _latencies(self, sums: Mapping[str, float], counts: Mapping[str, float]) -> Iterator[Reading]:
        now = self._clock.monotonic()
        for cluster, count in counts.items():
            answered = self._rates.rate((cluster, "count"), count, now)
            spent = self._rates.rate((cluster, "sum"), sums.get(cluster, 0.0), now)
            if answered and spent is not None:
                labels = {**self._labels, "cluster": cluster}
                yield Reading(UPSTREAM_LATENCY, spent / answered, labels, unit="ms")
