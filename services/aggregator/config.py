"""What the aggregator can be told."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.runtime.config import ServiceConfig


class AggregatorConfig(ServiceConfig):
    """Settings of the aggregator; each is `BINNACLE_` and its name in capitals."""

    data_dir: Path = Field(Path("data"), description="where the embedded store lives, in `aggregator/chdb`")
    clickhouse_dsn: str = Field(
        "",
        pattern=r"^$|^(chdb:///.+|clickhouses?://.+)",
        description="the store: `chdb:///path` or `clickhouse://user:password@host:port/database`; embedded when empty",
    )
    clickhouse_cluster: str = Field(
        "", pattern=r"^[A-Za-z0-9_-]*$", description="the cluster of that server that the store is spread over, if any"
    )
    repeat_horizon_hours: float = Field(
        24.0, gt=0, le=72, description="how long a request may be repeated with its batch_id or Idempotency-Key"
    )
    repeat_names_max: int = Field(
        16_000_000, ge=1_000, description="names of requests that are remembered, 16 bytes each; the oldest give way"
    )
    business_rules: Path | None = Field(
        None,
        description="a JSON file of business rules, as `/api/v1/business/rules` gives them; the ready-made if none",
    )

    collector: str = Field(
        "", description="gRPC address of a collector, which records what is changed; without it nothing can be"
    )
    redis_url: str = Field(
        "",
        pattern=r"^$|^(rediss?|unix)://.+",
        description="Redis that holds a copy of what is configured; none if empty",
    )
    edge_tenant_requests_per_second: int = Field(
        10_000, ge=1, le=1_000_000, description="requests of a tenant through all edges that share their limits"
    )
    edge_key_requests_per_second: int = Field(5_000, ge=1, le=1_000_000, description="the same of one of its keys")
    signing_key_file: Path | None = Field(
        None, description="the key that API keys are signed with; without it none are made"
    )
    tenants: Literal["any", "created"] = Field(
        "any", description="whose tokens are taken: of any tenant that they name, or of those that were created"
    )
    archive_dir: Path | None = Field(
        None,
        description="where tenants' archives are written before data is deleted; `archive` in the data folder if none",
    )

    @property
    def archive_folder(self) -> Path:
        """Where archives go."""
        return self.archive_dir or self.data_dir / "archive"

    @property
    def store_dsn(self) -> str:
        """Where the store is."""
        return self.clickhouse_dsn or f"chdb://{(self.data_dir / 'aggregator' / 'chdb').resolve()}"
