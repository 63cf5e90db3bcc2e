"""Envoy's configuration, rendered from the contracts and a few addresses. The same for a laptop and a cluster."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from services.launcher.contracts import PublicService, public_services
from services.launcher.edge_limits import REFUSED, EdgeLimits, grpc_details
from services.launcher.failures import LauncherError
from services.launcher.issuers import TokenIssuer
from services.launcher.sign_in_pages import FAULTS, POLICY, SignInFault
from services.launcher.transport import CONNECTIONS, MEMORY_BYTES, SignIn, Tls
from services.runtime.workers import worker_target

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deploy" / "envoy" / "envoy.yaml.j2"
CREDENTIALS = "discovered_credentials.yaml.j2"
FOREIGN_ERRORS = ROOT / "deploy" / "envoy" / "foreign_errors.lua"
DESCRIPTORS = ROOT / "gen" / "binnacle.binpb"
# What deploy/docker/Dockerfile makes of it.
DESCRIPTORS_IN_IMAGE = "/opt/binnacle/binnacle.binpb"

# Soon, for who waits for a line; and never what somebody sent for a token.
LOG_OPTIONS = ("-l", "warn", "--component-log-level", "oauth2:off", "--file-flush-interval-msec", "1000")
PROCESSES = ("collector", "aggregator", "streamer", "alerting")
# Upstreams that every worker of the collector is an endpoint of.
WORKING_TOGETHER = frozenset({"collector", "intake"})
# Their calls may carry `idempotency-key`, and can then be repeated.
NAMED_INTAKE = frozenset(f"binnacle.collector.v1.{name}Service" for name in ("Ingest", "JsonIntake", "OtlpHttp"))
MAX_BODY_BYTES = 4 * 1024 * 1024
# All rules of a tenant's files are applied at once: 10,000 of them.
LARGE_PATH, LARGE_CALL = "/api/v1/rules:apply", "/binnacle.alerting.v1.RuleService/ApplyRules"
MAX_LARGE_BYTES = 24 * 1024 * 1024
LARGE_SECONDS = 30
MAX_RESPONSE_BYTES = 32 * 1024 * 1024
# Pages of this machine, whatever their port: a developer's own web app beside the suite.
LOOPBACK_ORIGINS = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"

# Served by the streamer's own HTTP listener; page files need no token.
PAGE_PATHS = (
    "/",
    "/app",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/monitoring/dashboard",
    "/sign-in",
    "/sign-out",
    "/favicon.ico",
    "/favicon.svg",
    "/apple-touch-icon.png",
    "/manifest.webmanifest",
    "/robots.txt",
)
PAGE_PREFIXES = ("/app/", "/assets/", "/icons/")
# WebSockets. A token that is missing here comes in the first message, which the streamer judges.
SOCKET_MATCHES = ({"prefix": "/ws/"}, {"path": "/monitoring/ws"})
# Server-sent events for those who accept them, else a JSON document a line.
LIVE_PATH = "/api/v1/live"
# JSON that goes to the collector's own HTTP listener as it is, where there is one; else by way of its gRPC contract.
JSON_PATHS = ("/events", "/metrics", "/heartbeat", "/logs")
FOREIGN_PATHS = ("/v1/metrics", "/v1/logs", "/v1/traces", "/api/v1/write")
OPEN_PATHS = ("/health", *PAGE_PATHS)
HEALTH_CALL = "/binnacle.streamer.v1.SystemService/GetHealth"

# Whatever is no page is data of a tenant.
RESPONSE_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
LASTING_TLS = {"strict-transport-security": "max-age=31536000"}
INTAKE_KIND = "intake"

# A page's files and JSON. Never gRPC-Web: its messages are compressed by their own rules or not at all.
COMPRESSED_TYPES = (
    "application/json",
    "application/javascript",
    "application/manifest+json",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where something listens: a unix socket's path, or host and port."""

    path: str = ""
    host: str = ""
    port: int = 0
    mode: int = 0

    @classmethod
    def parse(cls, text: str, mode: int = 0) -> "Target":
        """From `unix:/path` or `host:port`; raises ValueError for anything else."""
        if text.startswith("unix:"):
            return cls(path=re.sub("^/+", "/", text.removeprefix("unix:")), mode=mode)
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isdecimal():
            raise ValueError(f"{text!r} is neither unix:/path nor host:port")
        return cls(host=host.strip("[]"), port=int(port))

    def of_worker(self, number: int) -> "Target":
        """Where a worker listens when the first of them does here."""
        if self.path:
            return replace(self, path=worker_target(f"unix:{self.path}", number).removeprefix("unix:"))
        return replace(self, port=self.port + number)


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """What differs from edge to edge. `upstreams` names a target for each process, for `pages`, and may for `intake`.

    `collector_workers` is how many collectors there are, each listening beside the first.

    `issuers` are those whose tokens hold; none where no authentication is wanted. With `credentials`, a file made by
    render_credentials, the edge follows what becomes of them. `descriptors` are the contracts, which the edge finds
    there or, on another machine, at `descriptors_at`. `otlp` are OpenTelemetry's own ports, where the same is served.
    With `tls` all of them speak it; `local` is where programs of this suite come in without. `memory_bytes` is the heap
    at which the edge takes in nothing more.
    """

    listen: Target
    admin: Target
    upstreams: Mapping[str, Target]
    issuers: Sequence[TokenIssuer] = ()
    credentials: str | None = None
    descriptors: str = str(DESCRIPTORS)
    descriptors_at: str = ""
    access_log: bool = False
    cors_origins: Sequence[str] = ()
    otlp: Sequence[Target] = ()
    collector_workers: int = 1
    limits: EdgeLimits = field(default_factory=EdgeLimits)
    tls: Tls | None = None
    local: Target | None = None
    sign_in: SignIn | None = None
    memory_bytes: int = MEMORY_BYTES
    max_connections: int = CONNECTIONS

    def listeners(self) -> Iterator["Listener"]:
        """Wherever the edge is reached."""
        yield Listener("edge", self.listen, self.tls)
        for target in self.otlp:
            yield Listener(f"otlp_{target.port}", target, self.tls)
        if self.local:
            yield Listener("local", self.local)

    def endpoints(self) -> Mapping[str, Sequence[Target]]:
        """Every process that takes part of an upstream's calls."""
        workers = {name: self.collector_workers if name in WORKING_TOGETHER else 1 for name in self.upstreams}
        return {
            name: [target.of_worker(number) for number in range(workers[name])]
            for name, target in self.upstreams.items()
        }


@dataclass(frozen=True, slots=True)
class Listener:
    """A named place where the edge listens."""

    name: str
    target: Target
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the edge says by itself for one HTTP status."""

    status: int
    code: int
    reason: str
    message: str = "%LOCAL_REPLY_BODY%"
    retry_after: int = 0


# What is wrong with a token the edge says itself, and nothing that is in it.
WANTED = (
    "%LOCAL_REPLY_BODY%: send a token that holds, as the header `authorization: Bearer <token>` (`binnacle token` and "
    "`binnacle key create` make one; people sign in at /app/)"
)
REPLIES = (
    # What is no request at all says nothing of itself.
    Reply(400, 3, "INVALID_INPUT", "the request cannot be read (/docs has what each path takes): %LOCAL_REPLY_BODY%"),
    Reply(401, 16, "UNAUTHENTICATED", WANTED),
    Reply(
        403,
        7,
        "FORBIDDEN",
        "%LOCAL_REPLY_BODY% (a page of another site needs its origin in BINNACLE_CORS_ORIGINS, a token the audience of "
        "BINNACLE_JWT_AUDIENCE)",
    ),
    Reply(404, 5, "NOT_FOUND", "there is no such path, or not with this method: /docs has all, /ws/info the sockets"),
    Reply(408, 4, "DEADLINE"),
    Reply(413, 3, "INVALID_INPUT", f"the body is larger than {MAX_BODY_BYTES} bytes: send it in parts"),
    Reply(415, 3, "INVALID_INPUT"),
    # Envoy tells itself how long to wait.
    Reply(429, 8, "OVERLOADED", REFUSED),
    Reply(431, 3, "INVALID_INPUT", "the request's headers are too large"),
    Reply(502, 14, "UNAVAILABLE", retry_after=1),
    Reply(503, 14, "UNAVAILABLE", retry_after=1),
    Reply(504, 4, "DEADLINE"),
)

TOO_LARGE = Reply(
    413,
    3,
    "INVALID_INPUT",
    f"the rules are larger than {MAX_LARGE_BYTES} bytes: shorten their texts, or give some to other tenants",
)
"""Of LARGE_PATH."""


@dataclass(frozen=True, slots=True)
class Route:
    """A gRPC path (or its beginning) and the process behind it; whether the edge may repeat named ones that failed."""

    path: str
    upstream: str
    named_may_retry: bool = False
    kind: str = "call"


# Health and reflection are spoken by every process; the streamer answers for the suite.
FOREIGN_CALLS = (
    *(
        Route(f"/opentelemetry.proto.collector.{name}/", "collector", named_may_retry=True, kind="otlp")
        for name in ("metrics.v1.MetricsService", "logs.v1.LogsService", "trace.v1.TraceService")
    ),
    Route("/grpc.health.v1.Health/", "streamer"),
    Route("/grpc.reflection.v1.ServerReflection/", "streamer"),
    Route("/grpc.reflection.v1alpha.ServerReflection/", "streamer"),
)


@dataclass(frozen=True, slots=True)
class _View:
    """All the template knows."""

    listeners: Sequence[Listener]
    admin: Target
    upstreams: Mapping[str, Sequence[Target]]
    issuers: Sequence[TokenIssuer]
    credentials: str | None
    descriptors: str
    access_log: bool
    cors_origins: Sequence[str]
    limits: EdgeLimits
    services: Sequence[str]
    streams: Sequence[Route]
    calls: Sequence[Route]
    foreign_errors: str
    sign_in: SignIn | None
    memory_bytes: int
    max_connections: int
    response_headers: Mapping[str, str]
    sign_in_headers: Mapping[str, str]
    sign_in_faults: Sequence[SignInFault] = FAULTS
    wanted: str = WANTED
    limited: str = REFUSED
    limited_details: str = field(default_factory=grpc_details)
    json_paths: Sequence[str] = JSON_PATHS
    live_path: str = LIVE_PATH
    socket_matches: Sequence[Mapping[str, str]] = SOCKET_MATCHES
    foreign_paths: Sequence[str] = FOREIGN_PATHS
    replies: Sequence[Reply] = REPLIES
    health_call: str = HEALTH_CALL
    open_paths: Sequence[str] = OPEN_PATHS
    open_prefixes: Sequence[str] = PAGE_PREFIXES
    page_paths: Sequence[str] = PAGE_PATHS
    page_prefixes: Sequence[str] = PAGE_PREFIXES
    compressed_types: Sequence[str] = COMPRESSED_TYPES
    max_body_bytes: int = MAX_BODY_BYTES
    large_path: str = LARGE_PATH
    large_call: str = LARGE_CALL
    large_seconds: int = LARGE_SECONDS
    max_large_bytes: int = MAX_LARGE_BYTES
    too_large: Reply = TOO_LARGE
    max_response_bytes: int = MAX_RESPONSE_BYTES


@dataclass(frozen=True, slots=True)
class _CredentialsView:
    """What the template of credentials alone knows."""

    issuers: Sequence[TokenIssuer]
    live_path: str = LIVE_PATH
    socket_matches: Sequence[Mapping[str, str]] = SOCKET_MATCHES
    open_paths: Sequence[str] = OPEN_PATHS
    open_prefixes: Sequence[str] = PAGE_PREFIXES


def render(settings: EdgeSettings) -> str:
    """Envoy's configuration as YAML. Raises LauncherError when the contracts were not generated."""
    try:
        return _rendered(TEMPLATE.name, _view(settings))
    except FileNotFoundError as error:
        raise LauncherError(f"{error.filename} is missing. Run `make gen` in a full checkout.") from error


def render_credentials(issuers: Sequence[TokenIssuer]) -> str:
    """The part of the configuration that says whose tokens hold, as YAML for EdgeSettings.credentials."""
    return _rendered(CREDENTIALS, _CredentialsView(issuers))


def _rendered(template: str, view: "_View | _CredentialsView") -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(TEMPLATE.parent)
    environment = Environment(loader=loader, undefined=StrictUndefined, autoescape=False)
    return environment.get_template(template).render(edge=view) + "\n"


def _view(settings: EdgeSettings) -> _View:
    services = public_services(Path(settings.descriptors).read_bytes())
    headers = RESPONSE_HEADERS | (LASTING_TLS if settings.tls and settings.tls.lasting else {})
    return _View(
        listeners=list(settings.listeners()),
        admin=settings.admin,
        upstreams=settings.endpoints(),
        issuers=settings.issuers,
        credentials=settings.credentials,
        descriptors=settings.descriptors_at or settings.descriptors,
        access_log=settings.access_log,
        cors_origins=[LOOPBACK_ORIGINS, *(re.escape(origin) for origin in settings.cors_origins)],
        limits=settings.limits,
        services=[service.name for service in services],
        streams=[route for service in services for route in _streams(service)],
        calls=[*(_calls(service) for service in services), *FOREIGN_CALLS],
        foreign_errors=FOREIGN_ERRORS.read_text(),
        sign_in=settings.sign_in,
        memory_bytes=settings.memory_bytes,
        max_connections=settings.max_connections,
        response_headers=headers,
        sign_in_headers=headers | {"content-security-policy": POLICY},
    )


def _streams(service: PublicService) -> list[Route]:
    return [Route(f"/{service.name}/{method}", service.process, kind="stream") for method in service.streams]


def _calls(service: PublicService) -> Route:
    # What may have been done is the client's to repeat: it alone knows whether it may be counted twice. Where the
    # collector knows requests by name, the client has decided by naming one.
    return Route(
        f"/{service.name}/",
        service.process,
        named_may_retry=service.name in NAMED_INTAKE,
        kind=INTAKE_KIND if service.process == "collector" else "call",
    )
