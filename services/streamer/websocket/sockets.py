"""Every WebSocket: who it is for, what it says and hears, how it ends."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from services.core.errors import BinnacleError, Forbidden, Overloaded, Unauthenticated
from services.runtime import http
from services.streamer.convert.live_talk import Sending, Talk
from services.streamer.domain.hub import Hub
from services.streamer.domain.session import Session
from services.streamer.domain.tally import WEBSOCKET
from services.streamer.websocket.admission import Admission
from services.streamer.websocket.line import SocketLine
from services.streamer.websocket.too_long import Socket

UNAUTHENTICATED: Final = 4401
FORBIDDEN: Final = 4403
LONGEST_MESSAGE: Final = 256 * 1024
PING_SECONDS: Final = 20.0
CLOSE_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Face:
    """How clients of a kind are talked to; `talk` is given the session and what the path names, if anything.

    `patience` is how many seconds a client has to say what it wants before it is told what it did not ask for.
    """

    talk: Callable[[Session, str], Talk]
    binary: bool = False
    patience: float = 0.0


Faces = Mapping[str, Face]
"""Faces by subprotocol; the first where a client names none."""


class Sockets:
    """Serves sockets from the hub: faces by path.

    Close codes: 1012 the streamer stops, 1013 the reader was too slow, both: come back; 4401 no token that is valid was
    told in time, or it has expired; 4403 its bearer is no viewer; 1009 a message over 256 KiB.
    """

    def __init__(
        self,
        hub: Hub,
        places: Mapping[str, Faces],
        sending: Sending,
        admission: Admission,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self._hub = hub
        self._places = places
        self._sending = sending
        self._admission = admission
        self._ping_seconds = ping_seconds

    def routes(self) -> list[web.RouteDef]:
        """Where the sockets are."""
        return [web.get(path, partial(self._handle, faces)) for path, faces in self._places.items()]

    async def _handle(self, faces: Faces, request: web.Request) -> web.StreamResponse:
        try:
            self._hub.require_open()
            caller = self._admission.of_headers(request.headers)
            if caller is not None:
                self._hub.require_room(caller.tenant)
        except BinnacleError as error:
            return http.refusal(error)
        socket = Socket(
            heartbeat=self._ping_seconds,
            max_msg_size=LONGEST_MESSAGE,
            compress=False,
            timeout=CLOSE_SECONDS,
            protocols=tuple(faces),
        )
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            return socket
        try:
            said: str | bytes = ""
            if caller is None:
                said, caller = await self._admission.of_first_message(socket)
            client = request.headers.get("user-agent", "")
            session = self._hub.connect(caller.tenant, WEBSOCKET, client, caller.expires)
            try:
                with self._admission.watched(caller, session.end):
                    face = faces[socket.ws_protocol or next(iter(faces))]
                    talk = face.talk(session, request.match_info.get("id", ""))
                    if said:
                        talk.hear(said)
                    await self._converse(socket, transport, session, talk, face)
            finally:
                self._hub.disconnect(session)
        except BinnacleError as error:
            await _close(socket, error)
        _let_go(transport)
        return socket

    async def _converse(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport, session: Session, talk: Talk, face: Face
    ) -> None:
        loop = asyncio.get_running_loop()
        beginning = loop.call_later(face.patience, talk.begin)
        try:
            async with asyncio.timeout(None) as limit:
                ended = partial(_end, limit)
                session.through(SocketLine(transport, session, talk, self._sending, ended, binary=face.binary))
                async for message in socket:
                    if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                        talk.hear(message.data)
                    # The next may be hours away.
                    del message
        except TimeoutError:
            await _close(socket, session.outbox.ended)
        finally:
            beginning.cancel()


def _end(limit: asyncio.Timeout) -> None:
    limit.reschedule(asyncio.get_running_loop().time())


async def _close(socket: web.WebSocketResponse, ended: BinnacleError | None) -> None:
    if isinstance(ended, Unauthenticated):
        code = UNAUTHENTICATED
    elif isinstance(ended, Forbidden):
        code = FORBIDDEN
    elif isinstance(ended, Overloaded):
        code = WSCloseCode.TRY_AGAIN_LATER
    else:
        code = WSCloseCode.SERVICE_RESTART
    with suppress(ConnectionResetError):
        await socket.close(code=code, message=str(ended)[:100].encode(), drain=False)


def _let_go(transport: asyncio.Transport) -> None:
    # A closed connection stays until what waits in it is taken, for ever if its reader never reads again.
    if transport.get_write_buffer_size():
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, transport.abort)
