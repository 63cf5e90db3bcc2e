"""The processes of a suite: programs, environments, probes. Everything listens on unix sockets, the edge apart."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from services.launcher.child import Plan
from services.launcher.edge import PROCESSES, ROOT, EdgeSettings, Target, render
from services.launcher.envoy_admin import EnvoyAdmin
from services.launcher.keys import issue_token, read_or_make_jwt_key, read_or_make_series_key
from services.launcher.places import write_private
from services.launcher.probes import grpc_probe, redis_probe
from services.launcher.programs import envoy_program, redis_program
from services.launcher.settings import SuiteSettings
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
    environment = {
        **_base_environment(settings),
        **{f"BINNACLE_{name.upper()}": sockets.target(name) for name in PROCESSES},
        "BINNACLE_AUTH": settings.auth,
        "BINNACLE_COLLECTOR_WORKERS": str(settings.collector_workers),
        "BINNACLE_DATA_DIR": str(settings.data_dir),
        "BINNACLE_DEMO": str(settings.demo).lower(),
        "BINNACLE_INTAKE_LISTEN": sockets.target(INTAKE),
        "BINNACLE_PAGES_LISTEN": sockets.target("pages"),
        "BINNACLE_REDIS_URL": _redis_url(settings, sockets),
        "BINNACLE_SERIES_KEY_FILE": str(read_or_make_series_key(settings.data_dir)),
    }
    if settings.clickhouse_dsn:
        environment["BINNACLE_CLICKHOUSE_DSN"] = settings.clickhouse_dsn
    if settings.auth == "jwt":
        environment["BINNACLE_JWKS"] = str(read_or_make_jwt_key(settings.data_dir).jwks)
    environment.setdefault("BINNACLE_DRAIN_SECONDS", str(DRAIN_SECONDS))
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
        "maxmemory": "256mb",
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


def _envoy(settings: SuiteSettings, sockets: Sockets) -> Plan:
    jwks = str(read_or_make_jwt_key(settings.data_dir).jwks) if settings.auth == "jwt" else None
    edge = EdgeSettings(
        listen=Target(host=settings.host, port=settings.port),
        admin=Target(path=sockets.path("admin"), mode=0o600),
        upstreams={name: Target(path=sockets.path(name)) for name in (*PROCESSES, INTAKE, "pages")},
        jwks=jwks,
        access_log=settings.access_log,
        cors_origins=settings.cors_origins,
        otlp=[Target(host=settings.host, port=port) for port in settings.otlp_ports],
        collector_workers=settings.collector_workers,
    )
    config = sockets.folder / "envoy.yaml"
    write_private(config, render(edge).encode())
    options = ("--disable-hot-restart", "--concurrency", str(min(2, os.cpu_count() or 1)))
    drain = ("--drain-time-s", str(ENVOY_DRAIN_SECONDS), "--drain-strategy", "immediate")
    return Plan(
        name="envoy",
        command=(str(envoy_program()), "-c", str(config), *options, *drain, "-l", "warn", "--log-format", ENVOY_LOG),
        environment=_base_environment(settings),
        probe=EnvoyAdmin(sockets.path("admin")).ensure_ready,
        # So that whoever gets an answer from the edge can use everything behind it.
        waits_for=(*PROCESSES, *(worker_name(COLLECTOR, each) for each in range(1, settings.collector_workers))),
        stop_seconds=STOP_SECONDS,
    )


def _worker(name: str, settings: SuiteSettings, sockets: Sockets) -> Plan:
    environment = {
        **_base_environment(settings),
        "BINNACLE_EDGE": settings.edge,
        "BINNACLE_ENVOY_ADMIN": sockets.path("admin"),
        "BINNACLE_REDIS_URL": _redis_url(settings, sockets),
    }
    if settings.clickhouse_dsn:
        environment["BINNACLE_CLICKHOUSE_DSN"] = settings.clickhouse_dsn
    if settings.demo_rate is not None:
        environment["BINNACLE_DEMO_RATE"] = str(settings.demo_rate)
    if settings.auth == "jwt":
        environment["BINNACLE_TOKEN"] = issue_token(settings.data_dir, "default", ["writer"], WORKER_SECONDS, name)
    return Plan(
        name=name,
        command=(sys.executable, "-P", "-m", "services.launcher", name),
        environment=environment,
        stop_seconds=STOP_SECONDS / 2,
        waits_for=("envoy",),
    )
