"""Dashboards to show: small, with every kind of field set."""

from binnacle.dashboard.v1 import dashboard_pb2 as pb

START_SECONDS = 1_800_000_000


def snapshot(*events: pb.TrackedEvent, requests: float = 120.0, made_at: int = START_SECONDS) -> pb.DashboardSnapshot:
    """A snapshot with one service, one endpoint and the events given."""
    made = pb.DashboardSnapshot(
        overview=pb.Overview(total_requests=requests, active_users=3, average_latency_ms=12.5, error_rate=0.5),
        services={"shop": pb.ServiceState(name="shop", status="healthy", uptime_hours=72.5, request_count=15234)},
        realtime_stats=pb.RealtimeStats(
            requests_last_1min=60.0,
            top_endpoints=[pb.EndpointStats(endpoint="/products", count=450.0, avg_time_ms=22.1)],
            recent_events=events,
        ),
    )
    made.services["shop"].last_heartbeat.FromSeconds(made_at - 5)
    made.updated_at.FromSeconds(made_at)
    return made


def event(kind: str, seconds: int = START_SECONDS, **data: str | float) -> pb.TrackedEvent:
    """An event of the shop."""
    made = pb.TrackedEvent(type=kind, service="shop", user_id="user-123")
    made.timestamp.FromSeconds(seconds)
    made.data.update(data)
    return made


def point(seconds: int, requests: float = 1.0) -> pb.SignalPoint:
    """One second of traffic without latency."""
    made = pb.SignalPoint(requests=requests)
    made.time.FromSeconds(seconds)
    return made


def state(made: pb.DashboardSnapshot | None = None, *points: pb.SignalPoint) -> pb.DashboardState:
    """A state with a machine and an inferred service."""
    return pb.DashboardState(
        snapshot=made or snapshot(),
        history=points,
        inferred_services=["shop"],
        machines=[pb.MachineState(host="here", cpu_percent=12.0)],
    )


def update(made: pb.DashboardSnapshot, *points: pb.SignalPoint) -> pb.DashboardUpdate:
    """An update with a machine."""
    return pb.DashboardUpdate(snapshot=made, points=points, machines=[pb.MachineState(host="here")])
