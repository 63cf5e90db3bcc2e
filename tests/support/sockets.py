"""The streamer's sockets alone, over a hub whose clock the test moves."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.runtime.access import Access
from services.streamer.convert.live_frames import BinaryCodec, JsonCodec
from services.streamer.convert.live_talk import Sending
from services.streamer.domain.hub import Hub
from services.streamer.domain.joining import Sources
from services.streamer.domain.shared import LINGER_SECONDS
from services.streamer.domain.tally import WEBSOCKET, Tally
from services.streamer.ports import Begin, Found, Frame, Overview, OverviewSource, Position, Rows, State, Topic
from services.streamer.websocket.admission import Admission
from services.streamer.websocket.faces import places
from services.streamer.websocket.sockets import PING_SECONDS, Sockets
from services.streamer.wiring.listener import listening
from tests.support.clock import ManualClock

ANYBODY = Access(required=False)
OPEN = Admission(ANYBODY)


class Quiet:
    """An overview that never comes."""

    async def watch(self, tenant: str) -> AsyncIterator[Frame]:
        await asyncio.Event().wait()
        yield State(Overview(0.0, None), {})


class NoRows:
    """Rows that are followed, of which none comes."""

    async def tail(self, tenant: str, topic: Topic, position: Position | None) -> AsyncGenerator[Begin | Rows, None]:
        yield Begin(Position({}, 0.0), resumed=False)
        await asyncio.Event().wait()

    async def read(
        self, tenant: str, topic: Topic, position: Position, until: Position
    ) -> AsyncGenerator[Found | Rows, None]:
        yield Found(complete=True, reached=position)


@asynccontextmanager
async def served(
    path: Path, source: OverviewSource, admission: Admission = OPEN, ping_seconds: float = PING_SECONDS
) -> AsyncIterator[tuple[Hub, ManualClock, Tally]]:
    """Sockets at the unix socket `path`."""
    tally, clock = Tally(), ManualClock()
    async with asyncio.TaskGroup() as tasks:
        hub = Hub(Sources(source, (NoRows(),)), clock, tasks, tally)
        beating = tasks.create_task(hub.run())
        faces = places(clock, JsonCodec(demo=False), BinaryCodec(demo=False))
        sockets = Sockets(hub, faces, Sending(WEBSOCKET, tally, clock), admission, ping_seconds)
        async with listening(f"unix:{path}", sockets.routes(), sockets.stop):
            yield hub, clock, tally
        beating.cancel()
        await clock.advance(LINGER_SECONDS)
