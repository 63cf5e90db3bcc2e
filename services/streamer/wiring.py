"""How the streamer is put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiohttp import web

from services.core.errors import Unavailable
from services.runtime import http
from services.runtime.health import Ready
from services.runtime.process import Process, Wired
from services.runtime.tokens import TokenKeys
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
from services.streamer.domain.hub import Hub
from services.streamer.domain.joining import Sources
from services.streamer.domain.kept import Kept
from services.streamer.domain.presence import Presence
from services.streamer.domain.tally import GRPC, WEBSOCKET, Tally
from services.streamer.pages import Pages
from services.streamer.service import connections, dashboard, live, summary, system
from services.streamer.service.public import public_services
from services.streamer.service.roles import Guard
from services.streamer.websocket.admission import Admission
from services.streamer.websocket.faces import places
from services.streamer.websocket.sockets import Sockets

# The edge keeps connections for an hour; it must be the one that closes them, or a request meets a closed one.
KEEPALIVE_SECONDS = 3_700.0
SHUTDOWN_SECONDS = 1.0


@asynccontextmanager
async def wire(config: StreamerConfig, process: Process) -> AsyncIterator[Wired]:
    """The streamer: hub, gRPC services, HTTP and WebSocket listener."""
    tally = Tally()
    process.registry.register(TallyMetrics(tally))
    channel = process.channel(config.aggregator)
    aggregator = Peer("aggregator", channel)
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
    hub = Hub(sources, process.clock, process.tasks, tally, presence)
    to_streams, to_sockets = (Sending(kind, tally, process.clock) for kind in (GRPC, WEBSOCKET))
    overview = dashboard.DashboardServicer(hub, channel, DashboardForm(demo=config.demo), to_streams)
    installation = system.Installation(config.auth, config.demo)
    suite = system.SystemServicer(hub, channel, parts, process.clock, (figures, state), installation)
    summaries = summary.SummaryServicer(readings)
    present = connections.ConnectionServicer(presence, Guard(config.auth != "off"), process.clock)
    json, binary = JsonCodec(demo=config.demo), BinaryCodec(demo=config.demo)
    streams = live.LiveServicer(hub, binary, to_streams)
    admission = Admission(TokenKeys.read(config.jwks) if config.jwks else None, required=config.auth != "off")
    faces = places(process.clock, json, binary)
    sockets = Sockets(hub, faces, to_sockets, admission)
    process.tasks.create_task(hub.run(), name="live connections")
    process.tasks.create_task(_close_at_stop(hub, process.stopping), name="close the hub at stop")
    routes = [*Pages(config.web_dir, suite.health_answer).routes(), *sockets.routes()]
    async with listening(config.pages_listen, routes):
        process.log.info("listening for pages", address=config.pages_listen)
        services = [
            dashboard.registration(overview),
            system.registration(suite),
            summary.registration(summaries),
            connections.registration(present),
            live.registration(streams),
        ]
        yield Wired(services, _met_once(aggregator), reflected=public_services())


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


async def _close_at_stop(hub: Hub, stopping: asyncio.Event) -> None:
    await stopping.wait()
    hub.close()


def listening(address: str, routes: list[web.RouteDef]) -> AbstractAsyncContextManager[None]:
    """An HTTP listener for the length of the block. Raises Unavailable when the address is taken."""
    application = web.Application()
    application.add_routes(routes)
    runner = web.AppRunner(
        application, access_log=None, keepalive_timeout=KEEPALIVE_SECONDS, shutdown_timeout=SHUTDOWN_SECONDS
    )
    return http.listening(runner, address)
