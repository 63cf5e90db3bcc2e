"""What a tenant's overview says, as plain values. Meanings: proto/binnacle/dashboard/v1/dashboard.proto."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.aggregator.domain.live.machines import MachineState
from services.aggregator.domain.live.window import SecondOfTraffic
from services.aggregator.ports.store import StoredEvent


@dataclass(frozen=True, slots=True)
class Figures:
    """Key figures over all services."""

    total_requests: float
    active_users: int
    average_latency_ms: float
    error_rate: float
    requests_per_second: float
    requests_last_minute: float
    errors_last_minute: float


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service; `inferred` when it never sent a heartbeat. `last_heartbeat_us` None when it never sent one."""

    name: str
    status: str
    inferred: bool
    uptime_hours: float
    request_count: float
    error_count: float
    avg_latency_ms: float
    last_heartbeat_us: int | None


@dataclass(frozen=True, slots=True)
class EndpointStats:
    """Calls of one endpoint."""

    endpoint: str
    count: float
    avg_time_ms: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole overview at `at`, seconds since the Unix epoch.

    `newest_us` is when the newest record that was fed was accepted, 0 before the first.
    """

    at: float
    figures: Figures
    services: Mapping[str, ServiceState]
    top_endpoints: Sequence[EndpointStats]
    recent_events: Sequence[StoredEvent]
    machines: Sequence[MachineState]
    newest_us: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class OverviewState:
    """The overview with its history, one point a second, oldest first."""

    snapshot: Snapshot
    history: Sequence[SecondOfTraffic]


@dataclass(frozen=True, slots=True)
class OverviewUpdate:
    """The overview a second later, with the points that are new or changed."""

    snapshot: Snapshot
    points: Sequence[SecondOfTraffic]


@dataclass(frozen=True, slots=True)
class OverviewEvents:
    """Events in the order they were accepted."""

    events: Sequence[StoredEvent]


Frame = OverviewState | OverviewUpdate | OverviewEvents


@dataclass(frozen=True, slots=True)
class ServiceMetrics:
    """Traffic, latency and state of one service; percentiles (50, 95, 99) over five minutes, 0 without observations."""

    state: ServiceState
    error_rate: float
    requests_per_second: float
    avg_latency_ms: float
    percentiles: tuple[float, float, float]
    endpoints: Sequence[EndpointStats]
