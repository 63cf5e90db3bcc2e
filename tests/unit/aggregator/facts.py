"""An overview recomputed from single facts in plain Python, to compare the live state with."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from binnacle.journal.v1 import journal_pb2
from services.aggregator.domain.live.overview import Snapshot
from tests.support.journals import record

# Shortly after midnight (UTC), so that windows and days differ.
NOW = 20_834 * 86_400 + 100.0
DAY = 20_834
SERVICES = ("shop", "cart", "")
ENDPOINTS = ("/a", "/b", "")
SERIES = [
    (1 + place, name, {"service": service, "endpoint": endpoint} if endpoint else {"service": service})
    for place, (name, service, endpoint) in enumerate(
        (name, service, endpoint)
        for name in ("requests", "errors", "latency", "unrelated")
        for service in SERVICES[:2]
        for endpoint in ENDPOINTS
    )
]


@dataclass(frozen=True)
class Fact:
    """One event, sample or heartbeat; times in whole seconds, figures in halves, so that sums are exact."""

    kind: str
    time: float
    accepted: float
    service: str = ""
    endpoint: str = ""
    user: str = ""
    status: int = 200
    latency: float | None = None
    series: int = 0
    value: float = 0.0

    def record(self) -> journal_pb2.Record:
        """The fact as a collector would journal it."""
        if self.kind == "sample":
            return record(accepted=self.accepted, series=SERIES, samples=[(self.series, self.time, self.value)])
        if self.kind == "heartbeat":
            beat = {"service": self.service, "time": self.time, "requests": self.value, "uptime": 1.5}
            return record(accepted=self.accepted, heartbeats=[beat])
        data = {"endpoint": self.endpoint, "status_code": self.status}
        if self.latency is not None:
            data["latency_ms"] = self.latency
        event = {"type": self.kind, "service": self.service, "user": self.user, "time": self.time, "data": data}
        return record(accepted=self.accepted, events=[event])


halves = st.integers(0, 40).map(lambda n: n / 2)
times = st.integers(-400, 30).map(lambda seconds: NOW + seconds)
facts = st.builds(
    Fact,
    kind=st.sampled_from(["request", "error", "purchase", "sample", "heartbeat"]),
    time=times,
    accepted=st.integers(-400, 0).map(lambda seconds: NOW + seconds),
    service=st.sampled_from(SERVICES),
    endpoint=st.sampled_from(ENDPOINTS),
    user=st.sampled_from(["", "ann", "bob", "cyn"]),
    status=st.sampled_from([200, 404, 500]),
    latency=st.none() | halves,
    series=st.sampled_from([identity for identity, _name, _labels in SERIES]),
    value=halves,
)


@dataclass
class Sums:
    requests: float = 0.0
    errors: float = 0.0
    latencies: list[float] = field(default_factory=list)


def traffic(fact: Fact) -> tuple[str, str, Sums] | None:
    """Service, endpoint and what the fact adds to them."""
    if fact.kind == "request":
        return fact.service, fact.endpoint, Sums(1, fact.status >= 500, [] if fact.latency is None else [fact.latency])
    if fact.kind == "error":
        return fact.service, fact.endpoint, Sums(0, 1)
    if fact.kind != "sample":
        return None
    _identity, name, labels = SERIES[fact.series - 1]
    sums = {"requests": Sums(fact.value), "errors": Sums(0, fact.value), "latency": Sums(0, 0, [fact.value])}.get(name)
    if sums is None or not (sums.requests or sums.errors or sums.latencies):
        return None
    return labels["service"], labels.get("endpoint", ""), sums


def total(chosen: Sequence[Sums]) -> Sums:
    """The sum of all."""
    latencies = [latency for sums in chosen for latency in sums.latencies]
    return Sums(sum(sums.requests for sums in chosen), sum(sums.errors for sums in chosen), latencies)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def assert_agrees(snapshot: Snapshot, known: Sequence[Fact]) -> None:
    """The snapshot, made at NOW, says what the facts say."""
    counted = [(fact, found) for fact in known if (found := traffic(fact)) is not None]
    window = [(fact, *found) for fact, found in counted if NOW - 300 < fact.time <= NOW]
    minute = total([sums for fact, _service, _endpoint, sums in window if fact.time > NOW - 60])
    whole = total([sums for *_names, sums in window])
    figures = snapshot.figures
    assert figures.total_requests == sum(s.requests for f, (_s, _e, s) in counted if f.time // 86_400 == DAY)
    assert figures.requests_last_minute == minute.requests
    assert figures.errors_last_minute == minute.errors
    assert figures.requests_per_second == minute.requests / 60
    assert figures.average_latency_ms == mean(whole.latencies)
    rate = min(100.0, 100.0 * whole.errors / whole.requests) if whole.requests else 0.0
    assert figures.error_rate == rate
    events = [fact for fact in known if fact.kind not in ("sample", "heartbeat")]
    seen = {fact.user for fact in events if fact.user and min(fact.time, fact.accepted) > NOW - 300}
    assert figures.active_users == len(seen)
    shown = sorted((min(f.time, f.accepted) for f in events if f.kind != "request"), reverse=True)[:20]
    recent = snapshot.recent_events
    assert [min(event.time_us, event.accepted_us) / 1e6 for event in recent] == shown
    _assert_services(snapshot, known, counted, window)
    _assert_endpoints(snapshot, window)


def _assert_services(snapshot, known, counted, window) -> None:  # type: ignore[no-untyped-def]
    beats: dict[str, float] = {}
    for fact in known:
        if fact.kind == "heartbeat":
            beats[fact.service] = max(min(fact.time, fact.accepted), beats.get(fact.service, -math.inf))
    today = {service for fact, (service, _e, _s) in counted if fact.time // 86_400 == DAY}
    alive = {service for service, at in beats.items() if at // 86_400 == DAY}
    assert set(snapshot.services) == (today | alive | {service for _f, service, _e, _s in window}) - {""}
    for name, state in snapshot.services.items():
        assert state.inferred == (name not in beats)
        assert (state.status == "stale") == (name in beats and NOW - beats[name] > 120)


def _assert_endpoints(snapshot, window) -> None:  # type: ignore[no-untyped-def]
    keys = {(service, endpoint) for _fact, service, endpoint, _sums in window}
    calls: dict[str, float] = {}
    for service, endpoint in keys:
        sums = total([s for _f, in_service, at, s in window if (in_service, at) == (service, endpoint)])
        count = sums.requests or len(sums.latencies)
        if endpoint and count:
            calls[endpoint] = calls.get(endpoint, 0.0) + count
    assert {stats.endpoint: stats.count for stats in snapshot.top_endpoints} == calls
    counts = np.array([stats.count for stats in snapshot.top_endpoints])
    assert (np.diff(counts) <= 0).all()
