"""How the streamer is put together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

import grpc
from aiohttp import web
from aiohttp.typedefs import Handler
from redis.asyncio import Redis

from services.core.clock import Clock
from services.core.configuration import Configuration
from services.core.errors import Unavailable
from services.core.recorded import Forms, Recorded
from services.runtime import http
from services.runtime.access import Access
from services.runtime.health import Ready
from services.runtime.hot_records import HotRecords
from services.runtime.key_sets import IN_PAIRS, SHARED, FileKeys, RemoteKeys
from services.runtime.newest_records import NewestRecords
from services.runtime.process import Process, Wired
from services.runtime.recorded_messages import readable
from services.runtime.records import Recorder
from services.runtime.redis_client import open_redis
from services.runtime.standing import Follower
from services.runtime.tokens import Issuer, Keys, TokenKeys
from services.runtime.workers import worker_name, worker_target
from services.streamer.adapters.aggregator import AggregatorOverview
from services.streamer.adapters.boards import Boards
from services.streamer.adapters.catalogue import AggregatorCatalogue, KeptCatalogue
from services.streamer.adapters.components import SuiteSource
from services.streamer.adapters.dashboard_history import AuditedHistory
from services.streamer.adapters.figures import questions
from services.streamer.adapters.parts import Peer, Self
from services.streamer.adapters.past_values import AggregatorValues
from services.streamer.adapters.ready_made import ready_made
from services.streamer.adapters.redis_claims import RedisClaims
from services.streamer.adapters.reports import SuiteReports
from services.streamer.adapters.tails import AggregatorRows
from services.streamer.adapters.tally_metrics import TallyMetrics
from services.streamer.config import StreamerConfig
from services.streamer.convert.dashboard_form import DashboardForm
from services.streamer.convert.dashboards.records import dashboard_payload, dashboard_recorded
from services.streamer.convert.live_frames import BinaryCodec, JsonCodec
from services.streamer.convert.live_talk import Sending
from services.streamer.convert.readings import Readings
from services.streamer.domain.bounds import Bounds
from services.streamer.domain.dashboards.book import KIND, DashboardBook
from services.streamer.domain.dashboards.following import Following
from services.streamer.domain.dashboards.past import Past
from services.streamer.domain.hub import Hub
from services.streamer.domain.joining import Sources
from services.streamer.domain.kept import Kept
from services.streamer.domain.presence import Presence
from services.streamer.domain.tally import GRPC, WEBSOCKET, Tally
from services.streamer.pages import Pages
from services.streamer.service import caller, connections, dashboard, dashboard_builder, live, summary, system
from services.streamer.service.public import public_services
from services.streamer.service.rule_drafting import RuleDrafting
from services.streamer.sign_in import SignIn
from services.streamer.websocket.admission import Admission
from services.streamer.websocket.faces import places
from services.streamer.websocket.sockets import Sockets

# The edge keeps connections for an hour; it must be the one that closes them, or a request meets a closed one.
KEEPALIVE_SECONDS = 3_700.0
SHUTDOWN_SECONDS = 1.0
STANDING = "/health"


@asynccontextmanager
async def wire(config: StreamerConfig, process: Process) -> AsyncIterator[Wired]:
    """The streamer: hub, gRPC services, HTTP and WebSocket listener."""
    tally = Tally()
    process.registry.register(TallyMetrics(tally))
    channel = process.channel(config.aggregator)
    aggregator = Peer("aggregator", channel)
    process.tasks.create_task(Follower(process.access.standing, channel, process.clock).run(), name="standing")
    alerting = process.channel(config.alerting)
    parts: list[Peer | Self] = [
        *(
            Peer(worker_name("collector", number), process.channel(worker_target(config.collector, number)))
            for number in range(config.collector_workers)
        ),
        aggregator,
        Self(config, process),
        Peer("alerting", alerting),
    ]
    presence = Presence(process.clock)
    figures = Kept(questions(channel, alerting, process.clock), process.clock, process.tasks)
    state = Kept({"components": SuiteSource(parts, config.redis_url)}, process.clock, process.tasks)
    readings = Readings(figures, state, presence, process.clock)
    boards = Boards(readings, presence, channel, process.clock)
    sources = Sources(
        AggregatorOverview(channel, process.log),
        [AggregatorRows(each, process.log) for each in (channel, *map(process.channel, config.further_aggregators))],
        SuiteReports(channel, parts, tally, process.clock, boards.by_name()),
    )
    hub = Hub(sources, process.clock, process.tasks, tally, presence, _bounds(config, process))
    recorder = Recorder(process.channel(config.collector), process.clock)
    to_streams, to_sockets = (Sending(kind, tally, process.clock) for kind in (GRPC, WEBSOCKET))
    overview = dashboard.DashboardServicer(hub, channel, DashboardForm(demo=config.demo), to_streams)
    installation = system.Installation(config.auth, config.demo)
    suite = system.SystemServicer(hub, channel, parts, process.clock, (figures, state), installation)
    summaries = summary.SummaryServicer(readings)
    present = connections.ConnectionServicer(presence, process.clock)
    json, binary = JsonCodec(demo=config.demo), BinaryCodec(demo=config.demo)
    streams = live.LiveServicer(hub, binary, to_streams)
    admission = Admission(process.access, _token_keys(config, process.clock))
    faces = places(process.clock, json, binary)
    sockets = Sockets(hub, faces, to_sockets, admission)
    process.tasks.create_task(hub.run(), name="live connections")
    process.tasks.create_task(_close_at_stop(hub, process.stopping), name="close the hub at stop")
    pages, sign_in = Pages(config.web_dir, suite.health_answer), SignIn(admission, process.clock)
    routes = [*guarded([*pages.routes(), *sign_in.routes()], process.access), *sockets.routes(), _standing(process)]
    async with listening(config.pages_listen, routes, sockets.stop), _redis(config) as redis:
        process.log.info("listening for pages", address=config.pages_listen)
        services = [
            dashboard.registration(overview),
            system.registration(suite),
            summary.registration(summaries),
            connections.registration(present),
            caller.registration(caller.CallerServicer(process.access)),
            live.registration(streams),
            dashboard_builder.registration(_builder(process, channel, redis, recorder)),
        ]
        yield Wired(services, _met_once(aggregator), reflected=public_services(), recorder=recorder)


def _redis(config: StreamerConfig) -> AbstractAsyncContextManager[Redis | None]:
    """The Redis of the suite; None where there is none."""
    return open_redis(config.redis_url) if config.redis_url else nullcontext()


def _builder(
    process: Process, aggregator: grpc.aio.Channel, redis: Redis | None, recorder: Recorder
) -> dashboard_builder.DashboardBuilderServicer:
    """Dashboards that people build, followed as they change."""
    hot = None if redis is None else HotRecords(redis, (KIND,))
    configuration = Configuration(NewestRecords(hot, aggregator, (KIND,)), recorder, hot, process.clock)
    forms = Forms(readable(dashboard_recorded, process.log), dashboard_payload)
    came = ready_made()
    recorded = Recorded(configuration, KIND, forms)
    book = DashboardBook(recorded, RedisClaims(redis), process.clock, came.dashboards, came.of_installation)
    following = Following(book)
    configuration.listeners.append(following.tell)
    process.tasks.create_task(configuration.run(), name="configuration")
    process.tasks.create_task(_close_at_stop(following, process.stopping), name="close dashboards at stop")
    catalogue = KeptCatalogue(AggregatorCatalogue(aggregator), process.clock, process.tasks)
    drafting = RuleDrafting(AggregatorValues(aggregator, process.clock), catalogue)
    helping = dashboard_builder.Helping(catalogue, drafting, process.clock)
    past = Past(AuditedHistory(aggregator), book)
    return dashboard_builder.DashboardBuilderServicer(book, past, following, helping)


def _token_keys(config: StreamerConfig, clock: Clock) -> TokenKeys | None:
    """Keys of tokens that come in messages; None where there are none. Raises Unavailable when a file is no key set."""
    others = Issuer(config.jwt_issuer, config.jwt_audience, config.jwt_tenant_claim, config.jwt_roles_claim)
    issuers: list[tuple[Issuer, Keys]] = []
    if config.jwks is not None:
        issuers.append((Issuer(), FileKeys(config.jwks, SHARED)))
    if config.jwks_file is not None:
        issuers.append((others, FileKeys(config.jwks_file, IN_PAIRS)))
    if config.jwks_url:
        issuers.append((others, RemoteKeys(config.jwks_url, clock, config.jwks_authorities)))
    return TokenKeys(issuers) if issuers else None


def _bounds(config: StreamerConfig, process: Process) -> Bounds:
    standing = process.access.standing

    def most(tenant: str) -> int:
        known = standing.tenants.get(tenant)
        return (known.limits.streams if known else 0) or config.limit_streams

    return Bounds(most, config.stream_hours * 3600)


def _met_once(peer: Peer) -> Ready:
    """Ready from the first time that `peer` is.

    Losing it later takes nothing away: viewers stay, newcomers wait, and /health has to be reached to say who is lost.
    """
    met = False

    async def ready() -> None:
        nonlocal met
        problem = None if met else await peer.problem()
        if problem is not None:
            raise Unavailable(f"{peer.name} {problem}")
        met = True

    return ready


async def _close_at_stop(watched: Hub | Following, stopping: asyncio.Event) -> None:
    await stopping.wait()
    watched.close()


def _standing(process: Process) -> web.RouteDef:
    """Where the edge asks whether to send more pages and sockets here."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=503 if process.leaving.is_set() else 200)

    return web.get(STANDING, answer)


def guarded(routes: list[web.RouteDef], access: Access) -> list[web.RouteDef]:
    """The same for those alone whom the edge, or a process of the suite, hands on. Sockets see to that themselves."""

    def known(handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            stranger = access.stranger(request.headers)
            return await handler(request) if stranger is None else http.refusal(stranger)

        return handle

    return [web.RouteDef(route.method, route.path, known(route.handler), route.kwargs) for route in routes]


def listening(
    address: str, routes: list[web.RouteDef], stop: Callable[[], Awaitable[None]]
) -> AbstractAsyncContextManager[None]:
    """An HTTP listener for the length of the block; `stop` is awaited once it takes no more connections.

    Raises Unavailable when the address is taken.
    """

    async def stopping(_application: web.Application) -> None:
        await stop()

    application = web.Application(middlewares=[http.errors])
    application.add_routes(routes)
    application.on_shutdown.append(stopping)
    runner = web.AppRunner(
        application, access_log=None, keepalive_timeout=KEEPALIVE_SECONDS, shutdown_timeout=SHUTDOWN_SECONDS
    )
    return http.listening(runner, address)
