"""The live WebSocket: subscriptions that change, in JSON or protobuf."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from services.core.errors import BinnacleError, InvalidInput, Overloaded, Unauthenticated, Unavailable
from services.runtime.calls import EXPIRES_KEY, TENANT_KEY, call_from
from services.streamer.convert.live_talk import Sending, obey, refuse
from services.streamer.domain.hub import Hub
from services.streamer.domain.session import Session
from services.streamer.domain.tally import WEBSOCKET
from services.streamer.websocket.dashboard import BUFFER_BYTES, CLOSE_SECONDS, PING_SECONDS, UNCHECKED_BYTES, let_go

PATH: Final = "/ws/v1/live"
JSON: Final = "binnacle.v1.json"
BINARY: Final = "binnacle.v1.proto"
EXPIRED: Final = 4401
LONGEST_MESSAGE: Final = 256 * 1024


class LiveSocket:
    """Serves `/ws/v1/live` from the hub; the subprotocol chooses the form, JSON when none is asked for.

    The last frame says why a connection ends. Close codes: 1012 the streamer stops, 1013 the reader was too slow, both:
    come back with the positions known; 4401 the token has expired; 1009 a message over 256 KiB.
    """

    def __init__(self, hub: Hub, forms: Mapping[str, Sending], *, auth_required: bool) -> None:
        self._hub = hub
        self._forms = forms
        self._auth_required = auth_required

    def routes(self) -> list[web.RouteDef]:
        """Where the socket is served."""
        return [web.get(PATH, self._handle)]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        told = [(key, request.headers.get(key, "")) for key in (TENANT_KEY, EXPIRES_KEY)]
        try:
            call = call_from(told, None, auth_required=self._auth_required)
            client = request.headers.get("user-agent", "")
            with self._hub.connected(call.tenant, WEBSOCKET, client, call.expires) as session:
                return await self._serve(request, session)
        except Unauthenticated as error:
            return web.json_response({"code": 16, "message": str(error)}, status=401)
        except Unavailable as error:
            return web.json_response({"code": 14, "message": str(error)}, status=503, headers={"retry-after": "1"})

    async def _serve(self, request: web.Request, session: Session) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(
            heartbeat=PING_SECONDS,
            max_msg_size=LONGEST_MESSAGE,
            compress=False,
            timeout=CLOSE_SECONDS,
            writer_limit=UNCHECKED_BYTES,
            protocols=(JSON, BINARY),
        )
        await socket.prepare(request)
        if request.transport is not None:
            request.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        form = self._forms[socket.ws_protocol or JSON]
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(_write(socket, session, form))
            await _read(socket, session, form)
            if session.outbox.ended is None:
                writing.cancel()
        let_go(request.transport)
        return socket


async def _read(socket: web.WebSocketResponse, session: Session, form: Sending) -> None:
    async for message in socket:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            try:
                obey(session, form.codec.read(message.data))
            except InvalidInput as error:
                refuse(session, error)


async def _write(socket: web.WebSocketResponse, session: Session, form: Sending) -> None:
    kind = WSMsgType.BINARY if socket.ws_protocol == BINARY else WSMsgType.TEXT
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as limit:
            session.stuck = lambda: limit.reschedule(loop.time())
            async for frame in form.frames(session):
                await socket.send_frame(frame, kind)
    except ConnectionResetError:
        return
    except TimeoutError:
        pass
    ended = session.outbox.ended
    await socket.close(code=_close_code(ended), message=str(ended)[:100].encode(), drain=False)


def _close_code(ended: BinnacleError | None) -> int:
    if isinstance(ended, Unauthenticated):
        return EXPIRED
    return WSCloseCode.TRY_AGAIN_LATER if isinstance(ended, Overloaded) else WSCloseCode.SERVICE_RESTART
