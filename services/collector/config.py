"""What a collector can be told."""

from pathlib import Path

from pydantic import Field

from services.runtime.config import ServiceConfig

MIB = 1024 * 1024


class CollectorConfig(ServiceConfig):
    """Settings of a collector, beside those of every service."""

    aggregator: str = Field(description="gRPC address of the aggregator", min_length=1)
    data_dir: Path = Field(description="folder of the suite; the journal is kept in `collector` within it")
    series_key_file: Path | None = Field(
        None, description="secret of the installation, at least 16 bytes; made in the data folder when not given"
    )
    clock_skew_hours: float = Field(24.0, gt=0, le=24 * 3660, description="how far from now a point may be")
    journal_max_bytes: int = Field(4096 * MIB, ge=16 * MIB, description="size from which intake is refused")
    series_max: int = Field(2_000_000, ge=1, description="how many series all tenants may have together")
