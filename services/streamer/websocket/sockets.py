"""Every WebSocket: who it is for, what it says and hears, how it ends."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import WSCloseCode, web

from services.core.errors import BinnacleError, NotFound
from services.runtime import http
from services.runtime.calls import Call
from services.streamer.convert.live_talk import Sending, Talk
from services.streamer.domain.hub import Hub
from services.streamer.domain.session import Session
from services.streamer.domain.tally import WEBSOCKET
from services.streamer.websocket.admission import Admission
from services.streamer.websocket.close_codes import close_code
from services.streamer.websocket.line import SocketLine
from services.streamer.websocket.takeover import Opened, let_go, subprotocol, taken_over
from services.streamer.websocket.wire import Wire

PING_SECONDS: Final = 20.0
# Clients are waited for so long when the streamer stops.
STOP_SECONDS: Final = 1.0
# So many are given a sign of life before everything else has its turn.
_AT_ONCE: Final = 250


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
    """Serves sockets from the hub: faces by path. Close codes: `close_code`, and 1009 for a message over 256 KiB."""

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
        self._beat_seconds = ping_seconds / 2
        self._wires: set[Wire] = set()
        self._beating: asyncio.TimerHandle | None = None
        self._emptied = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Where the sockets are."""
        known = [web.get(path, partial(self._handle, faces)) for path, faces in self._places.items()]
        return [*known, web.get("/ws/{rest:.*}", self._nowhere)]

    async def _nowhere(self, _request: web.Request) -> web.StreamResponse:
        known = ", ".join(self._places)
        return http.refusal(NotFound(f"there is no such socket, but {known}: /ws/info describes them"))

    async def stop(self) -> None:
        """Close all of them, and return once they are gone, or their clients had time for it."""
        for wire in list(self._wires):
            wire.close(WSCloseCode.SERVICE_RESTART, "the streamer is stopping")
        await self._gone()
        for wire in list(self._wires):
            wire.transport.abort()
        await self._gone()

    async def _gone(self) -> None:
        self._emptied.clear()
        if self._wires:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._emptied.wait()

    async def _handle(self, faces: Faces, request: web.Request) -> web.StreamResponse:
        try:
            self._hub.require_open()
            caller = self._admission.of_headers(request.headers)
            if caller is not None:
                self._hub.require_room(caller.tenant)
            chosen = subprotocol(request, tuple(faces))
        except BinnacleError as error:
            return http.refusal(error)
        wire = taken_over(request, chosen, self._lost)
        self._enter(wire)
        try:
            said: str | bytes = ""
            if caller is None:
                said, caller = await self._admission.of_first_message(wire)
            if not wire.over:
                self._converse(wire, faces[chosen or next(iter(faces))], request, caller, said)
        except BinnacleError as error:
            wire.close(close_code(error), str(error)[:100])
        except BaseException:
            wire.transport.abort()
            raise
        finally:
            let_go(request)
        return Opened()

    def _converse(self, wire: Wire, face: Face, request: web.Request, caller: Call, said: str | bytes) -> None:
        session = self._hub.connect(caller.tenant, WEBSOCKET, request.headers.get("user-agent", ""), caller.expires)
        visit = _Visit(self._hub, session, self._admission.watched(caller, session.end))
        wire.left = visit.leave
        talk = face.talk(session, request.match_info.get("id", ""))
        if said:
            talk.hear(said)
        session.through(SocketLine(wire, session, talk, self._sending, binary=face.binary))
        asyncio.get_running_loop().call_later(face.patience, visit.begin, talk)
        wire.listen(talk.hear)

    def _enter(self, wire: Wire) -> None:
        self._wires.add(wire)
        if self._beating is None:
            self._beating = asyncio.get_running_loop().call_later(self._beat_seconds, self._beat)

    def _lost(self, wire: Wire) -> None:
        self._wires.discard(wire)
        if not self._wires:
            self._emptied.set()
            if self._beating is not None:
                self._beating.cancel()
                self._beating = None

    def _beat(self) -> None:
        self._beating = asyncio.get_running_loop().call_later(self._beat_seconds, self._beat)
        self._give_life(list(self._wires))

    def _give_life(self, wires: Sequence[Wire]) -> None:
        for wire in wires[:_AT_ONCE]:
            wire.beat()
        if len(wires) > _AT_ONCE:
            asyncio.get_running_loop().call_soon(self._give_life, wires[_AT_ONCE:])


class _Visit:
    """A client's stay in the hub, for as long as its credential is watched."""

    __slots__ = ("_hub", "_session", "_watching")

    def __init__(self, hub: Hub, session: Session, watching: AbstractContextManager[None]) -> None:
        self._hub = hub
        self._session: Session | None = session
        self._watching = watching
        watching.__enter__()

    def begin(self, talk: Talk) -> None:
        """Tell it what it is told unasked, if it is still there."""
        if self._session is not None:
            talk.begin()

    def leave(self) -> None:
        """Leave everything; once."""
        session, self._session = self._session, None
        if session is not None:
            self._watching.__exit__(None, None, None)
            self._hub.disconnect(session)
