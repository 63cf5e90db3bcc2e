"""What the streamer can be told."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from services.runtime.config import ServiceConfig


def _listener(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if address.startswith("unix:") and len(address) > len("unix:"):
        return address
    if colon and host and port.isdecimal() and int(port) < 65536:
        return address
    raise ValueError("neither `unix:/path` nor `host:port`")


class StreamerConfig(ServiceConfig):
    """The streamer's settings; each is `BINNACLE_` and its name in capitals."""

    aggregator: str = Field(description="gRPC address of the aggregator", min_length=1)
    further_aggregators: tuple[str, ...] = Field(
        (), description="gRPC addresses of the aggregators beside that one over the same store, as a JSON array"
    )
    collector: str = Field(description="gRPC address of the collector, asked for health and metrics", min_length=1)
    collector_workers: int = Field(1, ge=1, le=64, description="how many collectors listen beside that one")
    alerting: str = Field(description="gRPC address of alerting, asked for health and metrics", min_length=1)
    pages_listen: Annotated[str, AfterValidator(_listener)] = Field(
        description="HTTP and WebSocket listener: `unix:/path` or `host:port`"
    )
    web_dir: Path = Field(Path("dashboard/dist"), description="the built web app")
    redis_url: str = Field(
        "",
        pattern=r"^$|^(rediss?|unix)://.+",
        description="Redis of the suite; without it others' changes take seconds",
    )
    jwks: Path | None = Field(
        None, description="own key set, for tokens that come in the first message of a WebSocket; refused without one"
    )
    jwks_file: Path | None = Field(None, description="key set of another issuer of tokens")
    jwks_url: str = Field("", pattern=r"^$|^https?://.+", description="where another issuer's key set is fetched")
    jwks_authorities: Path | None = Field(
        None, description="who vouches for the certificate of that address (PEM); those of the system without it"
    )
    jwt_issuer: str = Field("", description="what that issuer calls itself; any will do if empty")
    jwt_audience: str = Field("binnacle", description="whom that issuer's tokens have to be for; anybody if empty")
    jwt_tenant_claim: str = Field(
        "tenant", min_length=1, description="claim of that issuer's tokens that names the tenant"
    )
    jwt_roles_claim: str = Field(
        "roles", min_length=1, description="claim of that issuer's tokens that lists the roles"
    )
    limit_streams: int = Field(
        10_000, ge=1, description="streams and sockets of a tenant that has no limit of its own, at a time"
    )
    stream_hours: float = Field(24.0, gt=0, le=8_784, description="how long a stream or socket lasts at most")
    demo: bool = Field(False, description="whether demonstration input runs, which the page then says")
