"""The live state of one tenant: fed by records as they arrive, asked for the overview at any moment."""

import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from services.aggregator.domain.intake.durations import Durations
from services.aggregator.domain.intake.series_roles import Role, SeriesRoles
from services.aggregator.domain.intake.signals import Key, signals_of
from services.aggregator.domain.live.machines import Machines
from services.aggregator.domain.live.memories import (
    DAY_SECONDS,
    MICRO,
    ActiveUsers,
    DayCount,
    DayCounters,
    Heartbeats,
    RecentEvents,
    seen_us,
)
from services.aggregator.domain.live.overview import (
    EndpointStats,
    Figures,
    OverviewState,
    OverviewUpdate,
    ServiceMetrics,
    ServiceState,
    Snapshot,
)
from services.aggregator.domain.live.window import Traffic, TrafficWindow
from services.aggregator.ports.records import EventColumns, Record, SampleColumns
from services.aggregator.ports.store import LastSample, LiveHistory, StoredEvent, StoredHeartbeat
from services.core import conventions
from services.core.conventions import MINUTE

TOP_ENDPOINTS = 10
SERVICE_ENDPOINTS = 50
EVENTS_LEFT_OUT = (conventions.REQUEST_EVENT,)
"""Too many to be read by anybody; they show in the figures."""


class TenantLive:
    """Windows, counters and memories of one tenant. Not for several threads."""

    def __init__(self, now: float) -> None:
        self.roles = SeriesRoles()
        self._window = TrafficWindow(int(now))
        self._days = DayCounters()
        self._users = ActiveUsers()
        self._events = RecentEvents()
        self._heartbeats = Heartbeats()
        self._machines = Machines()
        self.durations = Durations()
        self._newest_us = 0

    def restore(self, history: LiveHistory, now: float) -> None:
        """Take in what the store remembers: all before anything is fed, later what was not counted before."""
        self._window.advance(int(now))
        self.roles.learn(history.series)
        self._window.add(history.signals)
        for totals in history.days:
            self._days.add_totals(totals, int(now) // DAY_SECONDS)
        for user, last_seen_us in history.users.items():
            self._users.see(user, last_seen_us // MICRO)
        self._events.add(history.events)
        self._heartbeats.add(history.heartbeats)
        self._machines.add(history.samples, int(now * 1_000))
        self.durations.restore(history.durations, self.roles)

    def feed(self, journal_id: str, records: Sequence[Record], now: float) -> list[StoredEvent]:
        """Count records that were not counted before; answers their events, as they are shown, in order."""
        self._window.advance(int(now))
        self._newest_us = max(self._newest_us, *(record.accepted_us for record in records))
        for record in records:
            self.roles.learn(record.series)
            self.durations.feed(journal_id, record, self.roles)
        signals = signals_of(records, self.roles, self.durations.pending(journal_id))
        if len(signals):
            self._window.add(signals)
            self._days.add(signals, int(now) // DAY_SECONDS)
        shown: list[StoredEvent] = []
        for record in records:
            if record.events is not None:
                self._see_users(record.events, record.accepted_us)
                shown += shown_events(journal_id, record)
            if record.heartbeats is not None:
                self._heartbeats.add(stored_heartbeats(journal_id, record))
            if record.samples is not None:
                self._machines.add(self._gauges(record.samples), int(now * 1_000))
        self._events.add(shown)
        return shown

    def state(self, now: float, seconds: int | None = None) -> OverviewState:
        """The overview with the newest `seconds` of its history, or all of it."""
        snapshot = self.snapshot(now)
        shown = self._window.seconds()
        first = 0 if seconds is None else max(0, len(shown) - seconds)
        return OverviewState(snapshot, self._window.points(shown[first:]))

    def update(self, now: float) -> OverviewUpdate:
        """The overview, and the points that changed since the last update."""
        snapshot = self.snapshot(now)
        return OverviewUpdate(snapshot, self._window.points(self._window.take_changed()))

    def snapshot(self, now: float) -> Snapshot:
        """The overview as it stands."""
        second = int(now)
        self._window.advance(second)
        keys = self._window.by_key()
        minute = sum(self._window.by_key(MINUTE).values(), Traffic())
        total = sum(keys.values(), Traffic())
        today = self._days.of(second // DAY_SECONDS)
        beats = self._heartbeats.newest(second)
        traffic = _by_service(keys)
        return Snapshot(
            at=now,
            figures=Figures(
                total_requests=sum(count.requests for count in today.values()),
                active_users=self._users.count(second),
                average_latency_ms=total.average_ms,
                error_rate=error_rate(total),
                requests_per_second=minute.requests / MINUTE,
                requests_last_minute=minute.requests,
                errors_last_minute=minute.errors,
            ),
            services=_services(now, beats, today, traffic),
            top_endpoints=_endpoints(keys.items())[:TOP_ENDPOINTS],
            recent_events=self._events.newest(second),
            machines=self._machines.states(self.roles, int(now * 1_000)),
            newest_us=self._newest_us,
        )

    def service_metrics(self, service: str, now: float) -> ServiceMetrics | None:
        """One service; None when neither a heartbeat nor traffic of it was seen today."""
        state = self.snapshot(now).services.get(service)
        if state is None:
            return None
        keys = {key: traffic for key, traffic in self._window.by_key().items() if key[0] == service}
        minute = sum((t for key, t in self._window.by_key(MINUTE).items() if key[0] == service), Traffic())
        total = sum(keys.values(), Traffic())
        p50, p95, p99 = self._window.service_percentiles(service) or (0.0, 0.0, 0.0)
        return ServiceMetrics(
            state,
            error_rate(total),
            minute.requests / MINUTE,
            total.average_ms,
            (p50, p95, p99),
            _endpoints(keys.items())[:SERVICE_ENDPOINTS],
        )

    def heartbeats(self, now: float) -> dict[str, int]:
        """When each service sent its newest heartbeat, in microseconds."""
        return {service: seen_us(beat) for service, beat in self._heartbeats.newest(int(now)).items()}

    def services_today(self, now: float) -> int:
        """How many services the overview lists."""
        return len(self.snapshot(now).services)

    def _see_users(self, events: EventColumns, accepted_us: int) -> None:
        seconds = np.minimum(events.times_us, accepted_us) // MICRO
        rows = np.argsort(seconds, kind="stable").tolist()
        # Of each person the newest second remains.
        newest = {events.user_ids[row]: row for row in rows}
        newest.pop("", None)
        for user, row in newest.items():
            self._users.see(user, int(seconds[row]))

    def _gauges(self, samples: SampleColumns) -> list[LastSample]:
        """The newest sample of each machine's gauge in a block."""
        chosen = self.roles.select(samples.series_ids)
        # The end of a series is no reading.
        rows = chosen.rows[(chosen.roles == Role.MACHINE) & ~np.isnan(samples.values[chosen.rows])]
        rows = rows[np.argsort(samples.times_ms[rows], kind="stable")]
        columns = (samples.series_ids[rows].tolist(), samples.times_ms[rows].tolist(), samples.values[rows].tolist())
        return list({one: LastSample(one, at, value) for one, at, value in zip(*columns, strict=True)}.values())


def error_rate(traffic: Traffic) -> float:
    """Errors in percent of requests, 0 to 100; 0 without requests."""
    return min(100.0, 100.0 * traffic.errors / traffic.requests) if traffic.requests else 0.0


def _services(
    now: float, beats: dict[str, StoredHeartbeat], today: dict[str, DayCount], traffic: dict[str, Traffic]
) -> dict[str, ServiceState]:
    """Services with a heartbeat or traffic since the start of the day, or traffic just before it."""
    day_start_us = int(now) // DAY_SECONDS * DAY_SECONDS * MICRO
    alive = {service for service, beat in beats.items() if seen_us(beat) >= day_start_us}
    names = sorted((alive | today.keys() | traffic.keys()) - {""})
    return {
        name: _service(now, name, beats.get(name), today.get(name, DayCount()), traffic.get(name, Traffic()))
        for name in names
    }


def _service(now: float, name: str, beat: StoredHeartbeat | None, today: DayCount, traffic: Traffic) -> ServiceState:
    if beat is None:
        status = inferred_status(traffic)
        return ServiceState(name, status, True, 0.0, today.requests, today.errors, traffic.average_ms, None)
    stale = now - seen_us(beat) / MICRO > conventions.HEARTBEAT_STALE_AFTER
    return ServiceState(
        name,
        conventions.STALE if stale else beat.status,
        False,
        _told(beat.uptime_hours, 0.0),
        _told(beat.request_count, today.requests),
        _told(beat.error_count, today.errors),
        _told(beat.avg_latency_ms, traffic.average_ms),
        seen_us(beat),
    )


def _told(figure: float, otherwise: float) -> float:
    return otherwise if math.isnan(figure) else figure


def inferred_status(traffic: Traffic) -> str:
    """The state of a service that sends no heartbeats, by its traffic of five minutes."""
    if traffic.errors and not traffic.requests:
        return conventions.DEGRADED
    rate = error_rate(traffic)
    if rate >= conventions.UNHEALTHY_FROM_PERCENT:
        return conventions.UNHEALTHY
    return conventions.DEGRADED if rate >= conventions.DEGRADED_FROM_PERCENT else conventions.HEALTHY


def _by_service(keys: dict[Key, Traffic]) -> dict[str, Traffic]:
    sums: dict[str, Traffic] = {}
    for (service, _endpoint), traffic in keys.items():
        sums[service] = sums.get(service, Traffic()) + traffic
    return sums


def _endpoints(keys: Iterable[tuple[Key, Traffic]]) -> list[EndpointStats]:
    """Endpoints of any service, busiest first."""
    calls: dict[str, float] = {}
    sums: dict[str, Traffic] = {}
    for (_service_name, endpoint), traffic in keys:
        count = traffic.requests or traffic.latencies
        if endpoint and count:
            calls[endpoint] = calls.get(endpoint, 0.0) + count
            sums[endpoint] = sums.get(endpoint, Traffic()) + traffic
    busiest = sorted(calls, key=lambda endpoint: (-calls[endpoint], endpoint))
    return [EndpointStats(endpoint, calls[endpoint], sums[endpoint].average_ms) for endpoint in busiest]


def shown_events(journal_id: str, record: Record, left_out: Collection[str] = EVENTS_LEFT_OUT) -> list[StoredEvent]:
    """The events of a record, with their places; types left out are not among them."""
    events = record.events
    if events is None:
        return []
    times = events.times_us.tolist()
    return [
        StoredEvent(
            times[row],
            record.accepted_us,
            kind,
            events.services[row],
            events.user_ids[row],
            events.session_ids[row],
            events.data_json[row],
            (journal_id, record.offset, row),
        )
        for row, kind in enumerate(events.types)
        if kind not in left_out
    ]


def stored_heartbeats(journal_id: str, record: Record) -> list[StoredHeartbeat]:
    """The heartbeats of a record, with their places."""
    beats = record.heartbeats
    if beats is None:
        return []
    times, requests, errors = beats.times_us.tolist(), beats.request_counts.tolist(), beats.error_counts.tolist()
    latencies, uptimes = beats.avg_latencies_ms.tolist(), beats.uptimes_hours.tolist()
    return [
        StoredHeartbeat(
            times[row],
            record.accepted_us,
            service,
            beats.statuses[row],
            beats.kinds[row],
            requests[row],
            errors[row],
            latencies[row],
            uptimes[row],
            (journal_id, record.offset, row),
        )
        for row, service in enumerate(beats.services)
    ]
