"""What alerting can be told."""

from pydantic import Field

from services.runtime.config import ServiceConfig


class AlertingConfig(ServiceConfig):
    """Settings of alerting."""

    aggregator: str = Field(min_length=1, description="gRPC address of the aggregator")
    collector: str = Field(min_length=1, description="gRPC address of a collector")
    redis_url: str = Field(
        pattern=r"^(rediss?|unix)://.+", description="Redis that keeps the state: `redis://host:port/0`, `unix:///path`"
    )
