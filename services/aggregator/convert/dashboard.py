"""The overview as messages."""

from collections.abc import Iterable

import orjson
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import overview_service_pb2, query_service_pb2
from binnacle.dashboard.v1 import dashboard_pb2
from services.aggregator.convert.row_messages import length_of_event, made_once
from services.aggregator.domain.live.machines import MachineState
from services.aggregator.domain.live.overview import (
    EndpointStats,
    Frame,
    OverviewEvents,
    OverviewState,
    OverviewUpdate,
    ServiceMetrics,
    ServiceState,
    Snapshot,
)
from services.aggregator.domain.live.window import SecondOfTraffic
from services.aggregator.ports.store import StoredEvent
from services.core import conventions


def timestamp(micros: int) -> Timestamp:
    """Microseconds since the Unix epoch as a message."""
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1_000)


def struct(text: str) -> Struct:
    """A JSON object as a message."""
    message = Struct()
    if text not in ("", "{}"):
        # A quarter of the time that json_format takes.
        message.update(orjson.loads(text))
    return message


@made_once(length_of_event)
def tracked_event(event: StoredEvent) -> dashboard_pb2.TrackedEvent:
    """An event in the short form."""
    return dashboard_pb2.TrackedEvent(
        type=event.type,
        service=event.service,
        user_id=event.user_id,
        timestamp=timestamp(event.time_us),
        data=struct(event.data_json),
    )


def dashboard_state(state: OverviewState) -> dashboard_pb2.DashboardState:
    """The overview with its history."""
    return dashboard_pb2.DashboardState(
        snapshot=_snapshot(state.snapshot),
        history=_points(state.history),
        inferred_services=_inferred(state.snapshot),
        machines=_machines(state.snapshot.machines),
    )


def watch_response(frame: Frame) -> overview_service_pb2.WatchOverviewResponse:
    """One message of the live overview."""
    if isinstance(frame, OverviewEvents):
        events = dashboard_pb2.TrackedEvents(events=[tracked_event(event) for event in frame.events])
        return overview_service_pb2.WatchOverviewResponse(
            frame=dashboard_pb2.DashboardFrame(events=events),
            event_places=[":".join(map(str, event.place)) for event in frame.events],
        )
    message = (
        dashboard_pb2.DashboardFrame(state=dashboard_state(frame))
        if isinstance(frame, OverviewState)
        else dashboard_pb2.DashboardFrame(update=_update(frame))
    )
    newest_us = frame.snapshot.newest_us
    return overview_service_pb2.WatchOverviewResponse(
        frame=message,
        newest_accepted_time=timestamp(newest_us) if newest_us else None,
    )


def service_metrics(metrics: ServiceMetrics) -> query_service_pb2.GetServiceMetricsResponse:
    """One service in figures."""
    state = metrics.state
    p50, p95, p99 = metrics.percentiles
    return query_service_pb2.GetServiceMetricsResponse(
        service=state.name,
        status=state.status,
        request_count=state.request_count,
        error_count=state.error_count,
        error_rate=metrics.error_rate,
        requests_per_second=metrics.requests_per_second,
        avg_latency_ms=metrics.avg_latency_ms,
        p50_latency_ms=p50,
        p95_latency_ms=p95,
        p99_latency_ms=p99,
        uptime_hours=state.uptime_hours,
        last_heartbeat=None if state.last_heartbeat_us is None else timestamp(state.last_heartbeat_us),
        endpoints=[_endpoint(endpoint) for endpoint in metrics.endpoints],
    )


def _update(update: OverviewUpdate) -> dashboard_pb2.DashboardUpdate:
    return dashboard_pb2.DashboardUpdate(
        snapshot=_snapshot(update.snapshot),
        points=_points(update.points),
        inferred_services=_inferred(update.snapshot),
        machines=_machines(update.snapshot.machines),
    )


def _snapshot(snapshot: Snapshot) -> dashboard_pb2.DashboardSnapshot:
    figures = snapshot.figures
    return dashboard_pb2.DashboardSnapshot(
        overview=dashboard_pb2.Overview(
            total_requests=figures.total_requests,
            active_users=figures.active_users,
            average_latency_ms=figures.average_latency_ms,
            error_rate=figures.error_rate,
            requests_per_second=figures.requests_per_second,
        ),
        services={name: _service(state) for name, state in snapshot.services.items()},
        realtime_stats=dashboard_pb2.RealtimeStats(
            requests_last_1min=figures.requests_last_minute,
            errors_last_1min=figures.errors_last_minute,
            top_endpoints=[_endpoint(endpoint) for endpoint in snapshot.top_endpoints],
            recent_events=[tracked_event(event) for event in snapshot.recent_events],
        ),
        updated_at=timestamp(int(snapshot.at * 1e6)),
    )


def _service(state: ServiceState) -> dashboard_pb2.ServiceState:
    return dashboard_pb2.ServiceState(
        name=state.name,
        status=state.status,
        uptime_hours=state.uptime_hours,
        request_count=state.request_count,
        error_count=state.error_count,
        avg_latency_ms=state.avg_latency_ms,
        last_heartbeat=None if state.last_heartbeat_us is None else timestamp(state.last_heartbeat_us),
    )


def _endpoint(endpoint: EndpointStats) -> dashboard_pb2.EndpointStats:
    return dashboard_pb2.EndpointStats(
        endpoint=endpoint.endpoint, count=endpoint.count, avg_time_ms=endpoint.avg_time_ms
    )


def _inferred(snapshot: Snapshot) -> list[str]:
    return [name for name, state in snapshot.services.items() if state.inferred]


def _points(points: Iterable[SecondOfTraffic]) -> list[dashboard_pb2.SignalPoint]:
    return [_point(point) for point in points]


def _point(point: SecondOfTraffic) -> dashboard_pb2.SignalPoint:
    message = dashboard_pb2.SignalPoint(
        time=Timestamp(seconds=point.second), requests=point.traffic.requests, errors=point.traffic.errors
    )
    if point.percentiles:
        message.avg_latency_ms = point.traffic.average_ms
        message.p50_latency_ms, message.p95_latency_ms, message.p99_latency_ms = point.percentiles
    return message


def _machines(machines: Iterable[MachineState]) -> list[dashboard_pb2.MachineState]:
    return [_machine(machine) for machine in machines]


def _machine(machine: MachineState) -> dashboard_pb2.MachineState:
    gauges = machine.gauges
    return dashboard_pb2.MachineState(
        host=machine.host,
        cpu_percent=gauges.get(conventions.SYSTEM_CPU, 0.0),
        memory_percent=gauges.get(conventions.SYSTEM_MEMORY, 0.0),
        disk_percent=machine.disk_percent,
        network_receive_bytes_per_second=gauges.get(conventions.SYSTEM_RECEIVE, 0.0),
        network_transmit_bytes_per_second=gauges.get(conventions.SYSTEM_TRANSMIT, 0.0),
        processes=[
            dashboard_pb2.ProcessState(
                name=process.name, cpu_percent=process.cpu_percent, memory_bytes=process.memory_bytes
            )
            for _name, process in sorted(machine.processes.items())
        ],
        seen_at=timestamp(machine.seen_ms * 1_000),
    )
