"""Configuration from `BINNACLE_*`, judged as a whole before anything listens."""

import sys
from typing import Literal, NoReturn, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "BINNACLE_"


class ServiceConfig(BaseSettings):
    """What every service can be told. Each field is `BINNACLE_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    listen: str = Field(description="gRPC address: `unix:/path` or `host:port`", min_length=1)
    auth: Literal["off", "jwt"] = Field("off", description="whether calls must carry a tenant")
    edge_secret: SecretStr = Field(
        SecretStr(""),
        description="what the edge is known by; needed with authentication, and without it nobody is asked",
    )
    peer_secret: SecretStr = Field(
        SecretStr(""), description="what the processes of the suite know each other by; needed with authentication"
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    metrics_port: int = Field(0, ge=0, le=65535, description="Prometheus text over HTTP for a scraper; 0 is off")
    leave_seconds: float = Field(
        0.0,
        ge=0,
        le=60,
        description="time at stop from not being ready to taking no more calls, for the edge to notice",
    )
    drain_seconds: float = Field(5.0, ge=0, le=600, description="time that calls in flight are given at stop")

    watchdog_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+\S*)?$",
        description="address to ask for again and again while all is well, `{process}` in it becoming its name",
    )
    watchdog_seconds: float = Field(60.0, ge=1, le=86_400, description="time between two such pings")

    def process_name(self, name: str) -> str:
        """What this process of the service `name` is called in logs and metrics."""
        return name


Config = TypeVar("Config", bound=ServiceConfig)


def load(config_type: type[Config]) -> Config:
    """Read the configuration, or end the process with every fault listed (exit status 2)."""
    try:
        return config_type()
    except ValidationError as faults:
        _refuse(faults)


def _refuse(faults: ValidationError) -> NoReturn:
    print("The configuration cannot be used:", file=sys.stderr)
    for fault in faults.errors():
        name = PREFIX + "_".join(str(part) for part in fault["loc"]).upper()
        given = "" if fault["type"] == "missing" else f" (given: {fault['input']!r})"
        print(f"  {name}: {fault['msg']}{given}", file=sys.stderr)
    print("docs/operating.md lists every setting.", file=sys.stderr)
    raise SystemExit(2)
