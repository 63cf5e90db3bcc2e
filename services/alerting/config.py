"""What alerting can be told."""

from pathlib import Path

from pydantic import Field, SecretStr

from services.runtime.config import ServiceConfig


class AlertingConfig(ServiceConfig):
    """Settings of alerting."""

    aggregator: str = Field(min_length=1, description="gRPC address of the aggregator")
    further_aggregators: tuple[str, ...] = Field(
        (), description="gRPC addresses of the aggregators beside that one over the same store, as a JSON array"
    )
    collector: str = Field(min_length=1, description="gRPC address of a collector")
    redis_url: str = Field(
        pattern=r"^(rediss?|unix)://.+", description="Redis that keeps the state: `redis://host:port/0`, `unix:///path`"
    )
    sealing_key: SecretStr = Field(
        SecretStr(""),
        description="what secrets of receivers are sealed with; the same for all processes of alerting, never changed",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+.*)?$",
        description="where people find the page: notifications lead there",
    )
    outgoing_hosts: str = Field(
        "", description="hosts with private addresses that notifications may go to all the same, with commas between"
    )
    outgoing_authorities: Path | None = Field(
        None, description="PEM file of authorities that vouch for receivers, beside those of the system"
    )
