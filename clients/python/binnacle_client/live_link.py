"""One live call, from its opening to its end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import grpc

from binnacle.live.v1 import live_pb2 as pb
from binnacle.streamer.v1 import live_service_pb2
from binnacle_client import endings
from binnacle_client.errors import BinnacleError, Overloaded, Unauthenticated, Unavailable
from binnacle_client.live_state import ServerClock
from binnacle_client.timing import Clock

Call = grpc.aio.StreamStreamCall[live_service_pb2.ConnectRequest, live_service_pb2.ConnectResponse]

SILENCE_SECONDS: Final = 45.0
"""Something comes at least every 20 seconds; after this long without, the connection is dead."""
ACKNOWLEDGE_SECONDS: Final = 1.0
PING_SECONDS: Final = 15.0
_OF_ENDS: Final[Mapping[str, Callable[[str], BinnacleError]]] = {
    "OVERLOADED": Overloaded,
    "UNAUTHENTICATED": Unauthenticated,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a call ended, whether anything had come, and the server's word on how long to wait."""

    error: BinnacleError
    opened: bool
    retry_after: float = 0.0


class Link:
    """A call that carries frames both ways. What is said waits for its turn; reading waits until a frame is taken."""

    def __init__(self, call: Call, clock: Clock, server: ServerClock) -> None:
        self._call = call
        self._status = endings.Ending(call)
        self._clock = clock
        self._server = server
        self._said: asyncio.Queue[pb.ClientFrame] = asyncio.Queue()
        self._heard = clock.monotonic()
        self._waiting = True
        self._ping, self._pinged = 0, 0.0
        self._acknowledged = clock.monotonic()
        self._opened = False

    def say(self, frame: pb.ClientFrame) -> None:
        """Say something, in its turn."""
        self._said.put_nowait(frame)

    def acknowledge(self, sequence: int) -> None:
        """The frame of this number has been read; told about once a second."""
        now = self._clock.monotonic()
        if now - self._acknowledged >= ACKNOWLEDGE_SECONDS:
            self._acknowledged = now
            self.say(pb.ClientFrame(acknowledge=pb.Acknowledgement(sequence=sequence)))
        if now - self._pinged >= PING_SECONDS:
            self.ping()

    def ping(self) -> None:
        """Ask for a sign of life, which also tells the server's time."""
        self._ping += 1
        self._pinged = self._clock.monotonic()
        self.say(pb.ClientFrame(ping=pb.Ping(number=self._ping)))

    async def run(self, take: Callable[[pb.ServerFrame], Awaitable[None]]) -> Ending:
        """Carry frames until the call ends."""
        try:
            async with asyncio.TaskGroup() as tasks:
                others = [tasks.create_task(self._write()), tasks.create_task(self._watch())]
                ending = await self._read(take)
                for task in others:
                    task.cancel()
                return ending
        finally:
            self._call.cancel()

    async def _read(self, take: Callable[[pb.ServerFrame], Awaitable[None]]) -> Ending:
        last = pb.End()
        while True:
            try:
                answer = await self._call.read()
            except grpc.aio.AioRpcError:
                told = await self._status.error()
                return self._ended(last, told, getattr(told, "retry_after", 0.0))
            except asyncio.CancelledError:
                # Who ends a call of his own is told so by way of a cancellation, which is none of this task.
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                return self._ended(last, Unavailable("nothing came for too long"))
            if not isinstance(answer, live_service_pb2.ConnectResponse):
                return self._ended(last, Unavailable("the server ended the stream"))
            self._heard, self._opened, self._waiting = self._clock.monotonic(), True, False
            self._note(answer.frame)
            last = answer.frame.end if answer.frame.HasField("end") else last
            await take(answer.frame)
            self._heard, self._waiting = self._clock.monotonic(), True

    def _ended(self, last: pb.End, otherwise: BinnacleError, retry_after: float = 0.0) -> Ending:
        if not last.HasField("error"):
            return Ending(otherwise, self._opened, retry_after)
        wait = last.retry_after.ToTimedelta().total_seconds()
        made = _OF_ENDS.get(last.error.reason, Unavailable)
        return Ending(made(last.error.message), self._opened, wait)

    def _note(self, frame: pb.ServerFrame) -> None:
        if frame.pong.HasField("time") and frame.pong.number == self._ping:
            ago = self._clock.monotonic() - self._pinged
            received = self._clock.now()
            self._server.heard(received - ago, frame.pong.time.ToNanoseconds() / 1e9, received)

    async def _write(self) -> None:
        while True:
            frame = await self._said.get()
            try:
                await self._call.write(live_service_pb2.ConnectRequest(frame=frame))
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                # Whoever reads is told why.
                return

    async def _watch(self) -> None:
        while True:
            silent = self._clock.monotonic() - self._heard if self._waiting else 0.0
            if silent >= SILENCE_SECONDS:
                self._call.cancel()
                return
            await self._clock.sleep(SILENCE_SECONDS - silent)
