"""The dashboard socket: snapshot, then an update each second and events at once, as JSON text."""

import asyncio

from aiohttp import WSCloseCode, WSMsgType, web

from services.core.clock import Clock
from services.core.errors import BinnacleError, Overloaded, Unauthenticated, Unavailable
from services.runtime.calls import TENANT_KEY, call_from
from services.runtime.logs import Log
from services.streamer.convert.dialect import socket_messages
from services.streamer.domain.hub import Hub
from services.streamer.domain.tally import WEBSOCKET, Tally
from services.streamer.domain.viewers import Viewer
from services.streamer.ports import Frame, Update

PATH = "/ws/dashboard"
PING_SECONDS = 20.0
# Nothing is expected from clients of this dialect.
LONGEST_MESSAGE = 64 * 1024
# A reader is felt once this much waits for it here, beside what the kernel and the edge hold.
BUFFER_BYTES = 64 * 1024
# How far sending goes on before it looks whether the buffer is full.
UNCHECKED_BYTES = 16 * 1024
SEND_SECONDS = 10.0
CLOSE_SECONDS = 3.0


class DashboardSocket:
    """Serves `/ws/dashboard` from the hub.

    Close codes: 1012 the streamer stops, reconnect; 1013 the reader was too slow, reconnect; 1009 a message over
    64 KiB.
    """

    def __init__(
        self,
        hub: Hub,
        tally: Tally,
        clock: Clock,
        log: Log,
        *,
        auth_required: bool,
        send_seconds: float = SEND_SECONDS,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self._hub = hub
        self._tally = tally
        self._clock = clock
        self._log = log
        self._auth_required = auth_required
        self._send_seconds = send_seconds
        self._ping_seconds = ping_seconds

    def routes(self) -> list[web.RouteDef]:
        """Where the socket is served."""
        return [web.get(PATH, self._handle)]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            call = call_from(
                [(TENANT_KEY, request.headers.get(TENANT_KEY, ""))], None, auth_required=self._auth_required
            )
            with self._hub.watching(call.tenant, WEBSOCKET, request.headers.get("user-agent", "")) as viewer:
                return await self._serve(request, viewer)
        except Unauthenticated as error:
            return web.json_response({"code": 16, "message": str(error)}, status=401)
        except Unavailable as error:
            return web.json_response({"code": 14, "message": str(error)}, status=503, headers={"retry-after": "1"})

    def _tenant(self, request: web.Request) -> str:
        told = (TENANT_KEY, request.headers.get(TENANT_KEY, ""))
        return call_from([told], None, auth_required=self._auth_required).tenant

    async def _serve(self, request: web.Request, viewer: Viewer) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(
            heartbeat=self._ping_seconds,
            max_msg_size=LONGEST_MESSAGE,
            compress=False,
            timeout=CLOSE_SECONDS,
            writer_limit=UNCHECKED_BYTES,
        )
        await socket.prepare(request)
        if request.transport is not None:
            request.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._write(socket, viewer))
            async for _ignored in socket:
                continue
            if viewer.error is None:
                writing.cancel()
        let_go(request.transport)
        return socket

    async def _write(self, socket: web.WebSocketResponse, viewer: Viewer) -> None:
        try:
            await self._deliver(socket, viewer)
        except TimeoutError:
            viewer.end(Overloaded("too slow, reconnect", 0.0))
        except BinnacleError:
            self._log.debug("viewer ended", reason=str(viewer.error))
        except ConnectionResetError:
            return
        code = WSCloseCode.TRY_AGAIN_LATER if isinstance(viewer.error, Overloaded) else WSCloseCode.SERVICE_RESTART
        await socket.close(code=code, message=str(viewer.error).encode(), drain=False)

    async def _deliver(self, socket: web.WebSocketResponse, viewer: Viewer) -> None:
        """Send until the viewer ends or the connection does. Raises TimeoutError when a message cannot be sent."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:
            # A viewer that the hub ends while its reader is stuck has to be pulled out of the sending.
            with viewer.interrupting(lambda: limit.reschedule(loop.time())):
                while True:
                    frame = await viewer.next()
                    limit.reschedule(loop.time() + self._send_seconds)
                    await self._send(socket, frame)
                    if viewer.error is None:
                        limit.reschedule(None)

    async def _send(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        for message in frame.form(socket_messages):
            await socket.send_frame(message, WSMsgType.TEXT)
            self._tally.sent[WEBSOCKET] += 1
        if isinstance(frame, Update):
            self._tally.ages.add(self._clock.now() - frame.overview.made_at)


def let_go(transport: asyncio.Transport | None) -> None:
    """Give up a closed connection whose reader never reads again."""
    # A closed connection stays until what waits in it is taken, for ever if its reader never reads again.
    if transport is not None and transport.get_write_buffer_size():
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, transport.abort)
