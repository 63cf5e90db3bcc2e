"""What a collector can be told."""

from pathlib import Path

from pydantic import Field

from services.collector.domain.capacity import CapacityLimits
from services.collector.domain.limits import TenantLimits
from services.runtime.config import ServiceConfig
from services.runtime.workers import worker_name

MIB = 1024 * 1024


class CollectorConfig(ServiceConfig):
    """Settings of a collector, beside those of every service."""

    aggregator: str = Field(description="gRPC address of the aggregator", min_length=1)
    intake_listen: str = Field("", description="HTTP listener for JSON: `unix:/path` or `host:port`; empty: none")
    data_dir: Path = Field(description="folder of the suite; the journal is kept in `collector` within it")
    collector_workers: int = Field(1, ge=1, le=64, description="how many collectors share this data folder")
    collector_worker: int = Field(0, ge=0, lt=64, description="which of them this is, from 0")
    series_key_file: Path | None = Field(
        None, description="secret of the installation, at least 16 bytes; made in the data folder when not given"
    )
    clock_skew_hours: float = Field(24.0, gt=0, le=24 * 3660, description="how far from now a point may be")
    journal_max_bytes: int = Field(4096 * MIB, ge=16 * MIB, description="size from which intake is refused")
    series_max: int = Field(2_000_000, ge=1, description="how many series all tenants may have together")
    redact: str = Field(
        "",
        pattern=r"^[^,]{0,60}(,[^,]{0,60})*$",
        description="more names of attributes whose values are replaced, as `iban,-cookie`: with a dash, one less; "
        "`off`: none are",
    )
    limits_file: Path | None = Field(None, description="TOML file with limits of single tenants; read when it changes")
    limit_points_per_second: float = Field(0, ge=0, allow_inf_nan=False, description="points of a tenant; 0: no limit")
    limit_events_per_second: float = Field(0, ge=0, allow_inf_nan=False, description="events of a tenant; 0: no limit")
    limit_bytes_per_second: float = Field(0, ge=0, allow_inf_nan=False, description="bytes of requests; 0: no limit")
    limit_requests_per_second: float = Field(0, ge=0, allow_inf_nan=False, description="requests; 0: no limit")
    limit_burst_seconds: float = Field(2, gt=0, le=3600, description="how long a tenant's rate may be saved up")
    limit_request_bytes: int = Field(16 * MIB, ge=1, le=16 * MIB, description="size of a request")
    limit_request_points: int = Field(100_000, ge=1, le=100_000, description="points of a request")
    limit_labels_per_series: int = Field(32, ge=0, le=256, description="labels of a series")
    limit_label_value_length: int = Field(500, ge=1, le=16_384, description="characters of a label's value")
    limit_active_series: int = Field(1_000_000, ge=0, description="series a tenant writes within an hour")
    capacity_points_per_second: float = Field(
        0, ge=0, allow_inf_nan=False, description="points of all tenants together; 0: no limit"
    )
    capacity_bytes_in_flight: int = Field(64 * MIB, ge=MIB, description="requests admitted and not answered, in bytes")
    capacity_requests_in_flight: int = Field(4_000, ge=1, description="requests admitted and not answered")

    def process_name(self, name: str) -> str:
        return worker_name(name, self.collector_worker)

    @property
    def share(self) -> float:
        """What a worker takes of everything that is bounded for all of them together."""
        return 1 / self.collector_workers

    @property
    def journal_bytes(self) -> int:
        """Size of this worker's journal from which it refuses."""
        return max(int(self.journal_max_bytes * self.share), MIB)

    @property
    def tenant_limits(self) -> TenantLimits:
        """Limits of every tenant that has none of its own."""
        return TenantLimits(
            points_per_second=self.limit_points_per_second,
            events_per_second=self.limit_events_per_second,
            bytes_per_second=self.limit_bytes_per_second,
            requests_per_second=self.limit_requests_per_second,
            burst_seconds=self.limit_burst_seconds,
            request_bytes=self.limit_request_bytes,
            request_points=self.limit_request_points,
            labels_per_series=self.limit_labels_per_series,
            label_value_length=self.limit_label_value_length,
            active_series=self.limit_active_series,
            clock_skew_hours=self.clock_skew_hours,
        )

    @property
    def capacity_limits(self) -> CapacityLimits:
        """Bounds of this worker as a whole."""
        return CapacityLimits(
            points_per_second=self.capacity_points_per_second * self.share,
            bytes_in_flight=max(int(self.capacity_bytes_in_flight * self.share), MIB),
            requests_in_flight=max(int(self.capacity_requests_in_flight * self.share), 1),
        )
