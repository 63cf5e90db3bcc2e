"""A handful of Envoy's statistics, from its admin interface.

envoy_requests{class}              requests answered to clients, running total by class (`2xx`)
envoy_active_connections           connections of clients
envoy_active_requests              requests of clients being answered
envoy_active_sockets               WebSockets of clients
envoy_upstream_latency_ms{cluster} average of the requests a service answered since the last reading
envoy_memory_bytes                 heap in use
envoy_route_requests{kind,class}   requests that a service answered, running total; kinds are those of Envoy's routes
envoy_route_latency_ms{kind}       average of those since the last reading
envoy_route_latency_p99_ms{kind}   their 99th percentile, as exactly as Envoy's buckets are
envoy_refused{reason}              refused by the edge itself, running total: `credential`, `origin`, `rate`, `overload`
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from services.core import conventions
from services.core.clock import Clock
from services.launcher.agent.readings import Rates, Reading

REQUESTS = "envoy_requests"
CONNECTIONS = "envoy_active_connections"
ACTIVE_REQUESTS = "envoy_active_requests"
UPSTREAM_LATENCY = "envoy_upstream_latency_ms"
MEMORY = "envoy_memory_bytes"
SOCKETS = "envoy_active_sockets"
ROUTE_REQUESTS = "envoy_route_requests"
ROUTE_LATENCY = "envoy_route_latency_ms"
ROUTE_LATE = "envoy_route_latency_p99_ms"
REFUSED = "envoy_refused"

TIMEOUT_SECONDS = 2.0
# Asked for by name: the whole is near two thousand series, most of them buckets.
_FILTER = (
    r"^http\.edge\.downstream_(rq_[1-5]xx|rq_active|cx_active|cx_upgrades_active)$"
    r"|^cluster\.[^.]*\.upstream_rq_time$"
    r"|^server\.memory_allocated$"
    r"|^vhost\.edge\.route\.[a-z]*\.upstream_rq_([1-5]xx|time)$"
    r"|\.jwt_authn\.denied$|\.rbac\.denied$|\.http_local_rate_limit\.enforced$|\.ratelimit\.over_limit$"
    r"|\.downstream_rq_overload_close$|\.downstream_cx_overload_reject$|\.downstream_global_cx_overflow$"
)
_GAUGES = {
    "envoy_http_downstream_cx_active": (CONNECTIONS, "1"),
    "envoy_http_downstream_rq_active": (ACTIVE_REQUESTS, "1"),
    "envoy_http_downstream_cx_upgrades_active": (SOCKETS, "1"),
    "envoy_server_memory_allocated": (MEMORY, "By"),
}
# By the end of its name, what refused.
_REASONS = {
    "jwt_authn_denied": "credential",
    "rbac_denied": "origin",
    "local_rate_limit_enforced": "rate",
    "ratelimit_over_limit": "rate",
    "overload_close": "overload",
    "overload_reject": "overload",
    "global_cx_overflow": "overload",
}
_TIME = "envoy_cluster_upstream_rq_time"
_ROUTE = "envoy_vhost_route_upstream_rq"
_LATE = 0.99


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
        clusters, routes, refused = Times(), Times(), dict.fromkeys(sorted(set(_REASONS.values())), 0.0)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                yield from self._plain(sample.name, sample.labels, sample.value)
                clusters.take(_TIME, sample.labels.get("envoy_cluster_name", ""), sample)
                routes.take(f"{_ROUTE}_time", sample.labels.get("envoy_route", ""), sample)
                for end, reason in _REASONS.items():
                    if sample.name.removesuffix("_total").endswith(end):
                        refused[reason] += sample.value
        for reason, count in refused.items():
            yield Reading(REFUSED, count, {**self._labels, "reason": reason}, kind="counter")
        yield from self._latencies(clusters, "cluster", UPSTREAM_LATENCY)
        yield from self._latencies(routes, "kind", ROUTE_LATENCY)
        yield from self._late(routes)

    def _plain(self, name: str, labels: Mapping[str, str], value: float) -> Iterator[Reading]:
        answered = f"{labels.get('envoy_response_code_class', '')}xx"
        if name in _GAUGES:
            metric, unit = _GAUGES[name]
            # Another listener counts its own.
            if labels.get("envoy_http_conn_manager_prefix", "edge") == "edge":
                yield Reading(metric, value, self._labels, unit=unit)
        elif name.startswith("envoy_http_downstream_rq_xx"):
            yield Reading(REQUESTS, value, {**self._labels, "class": answered}, kind="counter")
        elif name.startswith(f"{_ROUTE}_xx"):
            kind = labels.get("envoy_route", "")
            yield Reading(ROUTE_REQUESTS, value, {**self._labels, "kind": kind, "class": answered}, kind="counter")

    def _latencies(self, times: "Times", label: str, metric: str) -> Iterator[Reading]:
        now = self._clock.monotonic()
        for name, count in times.counts.items():
            answered = self._rates.rate((label, name, "count"), count, now)
            spent = self._rates.rate((label, name, "sum"), times.sums.get(name, 0.0), now)
            if answered and spent is not None:
                yield Reading(metric, spent / answered, {**self._labels, label: name}, unit="ms")

    def _late(self, times: "Times") -> Iterator[Reading]:
        now = self._clock.monotonic()
        for name, buckets in times.buckets.items():
            rates = [(bound, self._rates.rate((name, bound), count, now)) for bound, count in buckets]
            known = [(bound, rate) for bound, rate in rates if rate is not None]
            if known and known[-1][1]:
                labels = {**self._labels, "kind": name}
                yield Reading(ROUTE_LATE, percentile(known, _LATE), labels, unit="ms")


class Times:
    """Histograms of durations by what they are of: sums, counts, and running counts by upper bound."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.counts: dict[str, float] = {}
        self.buckets: dict[str, list[tuple[float, float]]] = {}

    def take(self, family: str, name: str, sample: Sample) -> None:
        """Note a sample, if it is one of the family."""
        if sample.name == f"{family}_sum":
            self.sums[name] = sample.value
        elif sample.name == f"{family}_count":
            self.counts[name] = sample.value
        elif sample.name == f"{family}_bucket":
            self.buckets.setdefault(name, []).append((float(sample.labels["le"]), sample.value))


def percentile(buckets: Sequence[tuple[float, float]], share: float) -> float:
    """Below which so much lies; `buckets` are upper bounds with how much lies below, the last of them infinite."""
    wanted, below, bound = buckets[-1][1] * share, 0.0, 0.0
    for upper, count in buckets:
        if count >= wanted:
            within = (wanted - below) / (count - below) if count > below else 1.0
            return bound if math.isinf(upper) else bound + (upper - bound) * within
        below, bound = count, upper
    return bound
