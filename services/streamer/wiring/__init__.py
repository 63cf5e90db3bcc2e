"""How the streamer is put together."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

import grpc
from redis.asyncio import Redis

from services.core.clock import Clock
from services.core.errors import Unavailable
from services.runtime.health import Ready
from services.runtime.key_sets import IN_PAIRS, SHARED, FileKeys, RemoteKeys
from services.runtime.process import Process, Wired
from services.runtime.records import Recorder
from services.runtime.redis_client import open_redis
from services.runtime.standing import Follower
from services.runtime.tokens import Issuer, Keys, TokenKeys
from services.runtime.workers import worker_name, worker_target
from services.streamer.adapters.aggregator import AggregatorOverview
from services.streamer.adapters.boards import Boards
from services.streamer.adapters.components import SuiteSource
from services.streamer.adapters.figures import questions
from services.streamer.adapters.parts import Peer, Self
from services.streamer.adapters.reports import SuiteReports
from services.streamer.adapters.tails import AggregatorRows
from services.streamer.adapters.tally_metrics import TallyMetrics
from services.streamer.config import StreamerConfig
from services.streamer.convert.dashboard_form import DashboardForm
from services.streamer.convert.live_frames import BinaryCodec, JsonCodec
from services.streamer.convert.live_talk import Sending
from services.streamer.convert.readings import Readings
from services.streamer.domain.bounds import Bounds
from services.streamer.domain.hub import Hub
from services.streamer.domain.joining import Sources
from services.streamer.domain.kept import Kept
from services.streamer.domain.presence import Presence
from services.streamer.domain.tally import GRPC, WEBSOCKET, Tally
from services.streamer.pages import Pages
from services.streamer.ports import RowSource
from services.streamer.service import caller, connections, dashboard, dashboard_builder, live, summary, system
from services.streamer.service.public import public_services
from services.streamer.sign_in import SignIn
from services.streamer.websocket.admission import Admission
from services.streamer.websocket.faces import places
from services.streamer.websocket.sockets import Sockets
from services.streamer.wiring.building import builder
from services.streamer.wiring.listener import guarded, listening, standing
from services.streamer.wiring.stopping import close_at_stop


@asynccontextmanager
async def wire(config: StreamerConfig, process: Process) -> AsyncIterator[Wired]:
    """The streamer: hub, gRPC services, HTTP and WebSocket listener."""
    tally = Tally()
    process.registry.register(TallyMetrics(tally))
    channel = process.channel(config.aggregator)
    aggregator = Peer("aggregator", channel)
    alerting = process.channel(config.alerting)
    parts: list[Peer | Self] = [
        *_collectors(config, process),
        aggregator,
        Self(config, process),
        Peer("alerting", alerting),
    ]
    presence = Presence(process.clock)
    figures = Kept(questions(channel, alerting, process.clock), process.clock, process.tasks)
    state = Kept({"components": SuiteSource(parts, config.redis_url)}, process.clock, process.tasks)
    readings = Readings(figures, state, presence, process.clock)
    boards = Boards(readings, presence, channel, process.clock)
    reports = SuiteReports(channel, parts, tally, process.clock, boards.by_name())
    sources = Sources(AggregatorOverview(channel, process.log), _rows(channel, config, process), reports)
    hub = Hub(sources, process.clock, process.tasks, tally, presence, _bounds(config, process))
    recorder = Recorder(process.channel(config.collector), process.clock)
    to_streams, to_sockets = (Sending(kind, tally, process.clock) for kind in (GRPC, WEBSOCKET))
    overview = dashboard.DashboardServicer(hub, channel, DashboardForm(demo=config.demo), to_streams)
    installation = system.Installation(config.auth, config.demo)
    suite = system.SystemServicer(hub, channel, parts, process.clock, (figures, state), installation)
    json, binary = JsonCodec(demo=config.demo), BinaryCodec(demo=config.demo)
    streams = live.LiveServicer(hub, binary, to_streams)
    admission = Admission(process.access, _token_keys(config, process.clock))
    sockets = Sockets(hub, places(process.clock, json, binary), to_sockets, admission)
    process.tasks.create_task(Follower(process.access.standing, channel, process.clock).run(), name="standing")
    process.tasks.create_task(hub.run(), name="live connections")
    process.tasks.create_task(close_at_stop(hub, process.stopping), name="close the hub at stop")
    pages, sign_in = Pages(config.web_dir, suite.health_answer), SignIn(admission, process.clock)
    routes = [*guarded([*pages.routes(), *sign_in.routes()], process.access), *sockets.routes(), standing(process)]
    async with listening(config.pages_listen, routes, sockets.stop), _redis(config) as redis:
        process.log.info("listening for pages", address=config.pages_listen)
        services = [
            dashboard.registration(overview),
            system.registration(suite),
            summary.registration(summary.SummaryServicer(readings)),
            connections.registration(connections.ConnectionServicer(presence, process.clock)),
            caller.registration(caller.CallerServicer(process.access)),
            live.registration(streams),
            dashboard_builder.registration(builder(process, channel, redis, recorder)),
        ]
        yield Wired(services, _met_once(aggregator), reflected=public_services(), recorder=recorder)


def _collectors(config: StreamerConfig, process: Process) -> list[Peer]:
    return [
        Peer(worker_name("collector", number), process.channel(worker_target(config.collector, number)))
        for number in range(config.collector_workers)
    ]


def _rows(aggregator: grpc.aio.Channel, config: StreamerConfig, process: Process) -> list[RowSource]:
    channels = (aggregator, *map(process.channel, config.further_aggregators))
    return [AggregatorRows(each, process.log) for each in channels]


def _redis(config: StreamerConfig) -> AbstractAsyncContextManager[Redis | None]:
    """The Redis of the suite; None where there is none."""
    return open_redis(config.redis_url) if config.redis_url else nullcontext()


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
