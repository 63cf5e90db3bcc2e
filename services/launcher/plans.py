"""The processes of a suite: programs, environments, probes. Everything listens on unix sockets, the edge apart."""

import os
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from services.core.tenants import DEFAULT_TENANT
from services.launcher.certificates import CERTIFICATE, own_certificate
from services.launcher.child import Plan
from services.launcher.credentials import Credentials
from services.launcher.edge import LOG_OPTIONS, PROCESSES, ROOT, EdgeSettings, Target, render
from services.launcher.edge_limits import EdgeLimits
from services.launcher.envoy_admin import EnvoyAdmin
from services.launcher.failures import LauncherError
from services.launcher.issuers import TokenIssuer, other_issuers, own_issuer
from services.launcher.keys import (
    issue_token,
    read_or_make_jwt_key,
    read_or_make_known_callers,
    read_or_make_sealing_key,
    read_or_make_series_key,
)
from services.launcher.places import write_private
from services.launcher.probes import grpc_probe, redis_probe
from services.launcher.programs import envoy_program, redis_program
from services.launcher.settings import SuiteSettings
from services.launcher.transport import SignIn, Tls, affordable_connections, sign_in_told
from services.runtime.roles import INGESTER, VIEWER, word_of
from services.runtime.workers import worker_name, worker_target

WORKER_SECONDS = 366 * 86400.0
# Seconds that calls in flight are given when a service stops; a laptop is not a cluster.
DRAIN_SECONDS = 2.0
ENVOY_DRAIN_SECONDS = 1
STOP_SECONDS = 10.0
# Settings of single processes: given to a whole suite they would clash.
_NOT_INHERITED = ("BINNACLE_LISTEN", "BINNACLE_COLLECTOR_WORKER", "BINNACLE_METRICS_PORT", "BINNACLE_LOG_FORMAT")
# Arrays of a batch are made and dropped a thousand times a minute: the allocator keeps their memory instead of handing
# it back to the kernel each time (32 MiB is the most that glibc takes for the first). Threads share one such memory:
# the interpreter lets them in one by one anyway, and each would have the kernel fill pages of its own.
_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_ARENA_MAX": "1",
}
COLLECTOR, INTAKE = "collector", "intake"
# An edge that another one took over from ends by then; what is open still is cut, and comes back.
HANDOVER_SECONDS = 5
SHARED_MEMORY = Path("/dev/shm")
ENVOY_LOG = '{"level":"%l","event":"%j"}'


@dataclass(frozen=True, slots=True)
class Sockets:
    """Where the processes of a suite meet."""

    folder: Path

    def path(self, name: str) -> str:
        """The socket of a process."""
        return str(self.folder / f"{name}.sock")

    def target(self, name: str) -> str:
        """The same as a gRPC target."""
        return f"unix:{self.path(name)}"


def plan_suite(settings: SuiteSettings, runtime: Path) -> list[Plan]:
    """Every process of the suite, in the order they are started. Makes keys and configuration on the way."""
    sockets = Sockets(runtime)
    shared = _shared_environment(settings, sockets)
    plans = [] if settings.redis_url else [_redis(settings, sockets)]
    plans += [_service(name, shared, sockets) for name in PROCESSES]
    plans += [_collector_worker(number, shared, sockets) for number in range(1, settings.collector_workers)]
    plans.append(_envoy(settings, sockets))
    if settings.agent:
        plans.append(_worker("agent", settings, sockets))
    if settings.demo:
        plans.append(_worker("demo", settings, sockets))
    return plans


def _base_environment(settings: SuiteSettings) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return {
        **inherited,
        "BINNACLE_LOG_LEVEL": settings.log_level,
        "BINNACLE_LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
    }


def _shared_environment(settings: SuiteSettings, sockets: Sockets) -> Mapping[str, str]:
    callers = read_or_make_known_callers(settings.data_dir)
    environment = {
        **_base_environment(settings),
        **{f"BINNACLE_{name.upper()}": sockets.target(name) for name in PROCESSES},
        "BINNACLE_AUTH": settings.auth,
        "BINNACLE_COLLECTOR_WORKERS": str(settings.collector_workers),
        "BINNACLE_DATA_DIR": str(settings.data_dir),
        "BINNACLE_DEMO": str(settings.demo).lower(),
        "BINNACLE_EDGE_SECRET": callers.edge,
        "BINNACLE_INTAKE_LISTEN": sockets.target(INTAKE),
        "BINNACLE_PAGES_LISTEN": sockets.target("pages"),
        "BINNACLE_PEER_SECRET": callers.peer,
        "BINNACLE_REDIS_URL": _redis_url(settings, sockets),
        "BINNACLE_SEALING_KEY": read_or_make_sealing_key(settings.data_dir),
        "BINNACLE_SERIES_KEY_FILE": str(read_or_make_series_key(settings.data_dir)),
    }
    if settings.clickhouse_dsn:
        environment["BINNACLE_CLICKHOUSE_DSN"] = settings.clickhouse_dsn
    if settings.auth == "jwt":
        key = read_or_make_jwt_key(settings.data_dir)
        environment["BINNACLE_JWKS"] = str(key.jwks)
        environment["BINNACLE_SIGNING_KEY_FILE"] = str(key.file)
    environment.setdefault("BINNACLE_DRAIN_SECONDS", str(DRAIN_SECONDS))
    environment.setdefault("BINNACLE_PUBLIC_URL", settings.url)
    environment.setdefault("BINNACLE_WEB_DIR", str(ROOT / "dashboard" / "dist"))
    return environment


def _redis_url(settings: SuiteSettings, sockets: Sockets) -> str:
    return settings.redis_url or f"unix://{sockets.path('redis')}"


def _service(name: str, shared: Mapping[str, str], sockets: Sockets) -> Plan:
    target = sockets.target(name)
    return Plan(
        name=name,
        # -P: a folder named `services` where the user happens to stand is not ours.
        command=(sys.executable, "-P", "-m", f"services.{name}"),
        environment={**_ALLOCATOR, **shared, "BINNACLE_LISTEN": target},
        probe=grpc_probe(target),
        stop_seconds=STOP_SECONDS,
    )


def _collector_worker(number: int, shared: Mapping[str, str], sockets: Sockets) -> Plan:
    name, target = worker_name(COLLECTOR, number), worker_target(sockets.target(COLLECTOR), number)
    first = _service(COLLECTOR, shared, sockets)
    return replace(
        first,
        name=name,
        # The argument is for whoever looks at the list of processes.
        command=(*first.command, name),
        environment={
            **first.environment,
            "BINNACLE_LISTEN": target,
            "BINNACLE_INTAKE_LISTEN": worker_target(sockets.target(INTAKE), number),
            "BINNACLE_COLLECTOR_WORKER": str(number),
        },
        probe=grpc_probe(target),
    )


def _redis(settings: SuiteSettings, sockets: Sockets) -> Plan:
    folder = settings.data_dir / "redis"
    folder.mkdir(mode=0o700, exist_ok=True)
    options = {
        "unixsocket": sockets.path("redis"),
        "unixsocketperm": "700",
        "port": "0",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "512mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Plan(
        name="redis",
        command=(str(redis_program()), *arguments),
        environment=_base_environment(settings),
        probe=redis_probe(sockets.path("redis")),
        stop_seconds=STOP_SECONDS,
    )


def token_issuers(settings: SuiteSettings) -> Sequence[TokenIssuer]:
    """Whose tokens hold; nobody's where none are asked for."""
    if settings.auth == "off":
        return ()
    return [own_issuer(read_or_make_jwt_key(settings.data_dir).jwks), *other_issuers()]


def _envoy(settings: SuiteSettings, sockets: Sockets) -> Plan:
    issuers = token_issuers(settings)
    credentials = Credentials(issuers, sockets.folder) if issuers else None
    if credentials:
        credentials.write()
    edge = EdgeSettings(
        listen=Target(host=settings.host, port=settings.port),
        admin=Target(path=sockets.path("admin"), mode=0o600),
        upstreams={name: Target(path=sockets.path(name)) for name in (*PROCESSES, INTAKE, "pages")},
        issuers=issuers,
        credentials=str(credentials.path) if credentials else None,
        access_log=settings.access_log,
        cors_origins=settings.cors_origins,
        otlp=[Target(host=settings.host, port=port) for port in settings.otlp_ports],
        collector_workers=settings.collector_workers,
        limits=EdgeLimits.told(),
        tls=_tls(settings),
        local=Target(path=sockets.path("edge"), mode=0o600) if settings.secure else None,
        sign_in=_sign_in(settings),
        memory_bytes=settings.edge_memory_bytes,
        max_connections=affordable_connections(),
    )
    config = sockets.folder / "envoy.yaml"
    write_private(config, render(edge).encode())
    first = _envoy_life(settings, sockets, config, 0)
    if not os.access(SHARED_MEMORY, os.W_OK):
        return replace(first, command=(*first.command, "--disable-hot-restart"))
    return replace(first, successor=partial(_envoy_life, settings, sockets, config))


def _envoy_life(settings: SuiteSettings, sockets: Sockets, config: Path, number: int) -> Plan:
    """The edge, or the `number`-th of those that took over its port from each other."""
    identity = str(handover_id(settings.data_dir))
    handover = ("--base-id", identity, "--restart-epoch", str(number), "--socket-path", sockets.path("handover"))
    options = ("--concurrency", str(min(2, os.cpu_count() or 1)), *LOG_OPTIONS, "--log-format", ENVOY_LOG)
    drain = ("--drain-time-s", str(ENVOY_DRAIN_SECONDS), "--drain-strategy", "immediate")
    end = ("--parent-shutdown-time-s", str(HANDOVER_SECONDS))
    return Plan(
        name="envoy",
        command=(str(envoy_program()), "-c", str(config), *options, *handover, *drain, *end),
        environment={
            **_base_environment(settings),
            "BINNACLE_EDGE_SECRET": read_or_make_known_callers(settings.data_dir).edge,
        },
        probe=partial(EnvoyAdmin(sockets.path("admin")).ensure_ready, number),
        # So that whoever gets an answer from the edge can use everything behind it.
        waits_for=(*PROCESSES, *(worker_name(COLLECTOR, each) for each in range(1, settings.collector_workers))),
        stop_seconds=STOP_SECONDS,
    )


def handover_id(data_dir: Path) -> int:
    """What the edges of one suite know each other by; others on this machine have another."""
    return zlib.crc32(str(data_dir).encode()) % 100_000_000


def forget_handover(data_dir: Path) -> None:
    """Remove what the edges of a suite shared; Envoy leaves it."""
    (SHARED_MEMORY / f"envoy_shared_memory_{handover_id(data_dir) * 10}").unlink(missing_ok=True)


def _sign_in(settings: SuiteSettings) -> SignIn | None:
    told = sign_in_told(settings.data_dir)
    if told and settings.auth != "jwt":
        raise LauncherError("BINNACLE_OIDC_… tells where people sign in, which means nothing without --auth jwt.")
    return told


def own_certificate_path(data_dir: Path) -> Path:
    """Where a suite keeps the certificate that it makes."""
    return data_dir / "secrets" / "tls" / CERTIFICATE


def _tls(settings: SuiteSettings) -> Tls | None:
    if not settings.secure:
        return None
    authorities = str(settings.client_ca) if settings.client_ca else None
    if settings.tls_cert and settings.tls_key:
        return Tls(str(settings.tls_cert), str(settings.tls_key), authorities, lasting=True)
    certificate, key = own_certificate(own_certificate_path(settings.data_dir).parent, settings.host)
    return Tls(str(certificate), str(key), authorities)


def _worker(name: str, settings: SuiteSettings, sockets: Sockets) -> Plan:
    environment = {
        **_base_environment(settings),
        "BINNACLE_EDGE": sockets.target("edge") if settings.secure else settings.edge,
        "BINNACLE_ENVOY_ADMIN": sockets.path("admin"),
        "BINNACLE_OWN_FIGURES": "true",
        "BINNACLE_REDIS_URL": _redis_url(settings, sockets),
    }
    if settings.clickhouse_dsn:
        environment["BINNACLE_CLICKHOUSE_DSN"] = settings.clickhouse_dsn
    if settings.demo_rate is not None:
        environment["BINNACLE_DEMO_RATE"] = str(settings.demo_rate)
    if settings.auth == "jwt":
        environment["BINNACLE_TOKEN"] = issue_token(
            settings.data_dir, DEFAULT_TENANT, [word_of(INGESTER), word_of(VIEWER)], WORKER_SECONDS, name
        )
    return Plan(
        name=name,
        command=(sys.executable, "-P", "-m", "services.launcher", name),
        environment=environment,
        stop_seconds=STOP_SECONDS / 2,
        waits_for=("envoy",),
    )
