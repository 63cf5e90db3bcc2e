"""What a suite is told, judged before anything starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from services.launcher.failures import LauncherError
from services.launcher.places import bind_address, free_port, is_loopback, local_address
from services.launcher.transport import MEMORY_BYTES

Auth = Literal["off", "jwt"]


@dataclass(frozen=True, slots=True)
class SuiteSettings:
    """One suite. `host` is an IP address and `port` a real one; `demo_rate` is the demo's volume, its own when None.

    `otlp_ports` are served beside `port`. `collector_workers` is how many collectors share the intake. With `tls` the
    edge shows the certificate that is given, or makes its own; with `client_ca` clients need one too, signed by those.
    """

    host: str
    port: int
    data_dir: Path
    auth: Auth = "off"
    demo: bool = False
    agent: bool = True
    demo_rate: float | None = None
    redis_url: str | None = None
    clickhouse_dsn: str | None = None
    log_level: str = "info"
    log_format: Literal["console", "json"] = "console"
    access_log: bool = False
    cors_origins: tuple[str, ...] = ()
    otlp_ports: tuple[int, ...] = ()
    collector_workers: int = 1
    tls: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    client_ca: Path | None = None
    edge_memory_bytes: int = MEMORY_BYTES

    def __post_init__(self) -> None:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise LauncherError("--tls-cert and --tls-key go together: one is of no use without the other.")

    @property
    def secure(self) -> bool:
        """Whether the edge speaks TLS: asked for, or because it was given what it takes."""
        return self.tls or self.tls_cert is not None or self.client_ca is not None

    @property
    def edge(self) -> str:
        """`host:port` at which programs of this machine reach the edge."""
        local = local_address(self.host)
        return f"[{local}]:{self.port}" if ":" in local else f"{local}:{self.port}"

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the suite."""
        return f"{'https' if self.secure else 'http'}://{self.edge}"


def chosen_address(host: str, port: int, auth: Auth) -> tuple[str, int]:
    """The IP address and port to listen on; port 0 becomes a free one. Raises LauncherError for what must not be."""
    address = bind_address(host)
    if auth == "off" and not is_loopback(address):
        raise LauncherError(
            f"--host {host} would let other machines in without authentication. "
            "Add --auth jwt (tokens: `binnacle token`), or stay on 127.0.0.1."
        )
    return address, port or free_port(address)


def chosen_ports(text: str | None) -> tuple[int, ...]:
    """The ports of a list such as `4317,4318`; none when there is no list. Raises LauncherError for anything else."""
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    if not all(part.isdecimal() and 0 < int(part) < 65536 for part in parts) or len(set(parts)) < len(parts):
        raise LauncherError(f"--otlp-ports {text} is no list of ports, such as 4317,4318.")
    return tuple(int(part) for part in parts)
