"""Many live clients in a process of their own: they count what comes and how old it is, and read nothing else."""

import asyncio
import multiprocessing
import re
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
import uvloop

from bench.live_events import TYPE
from binnacle.streamer.v1 import live_service_pb2

OPEN_SECONDS = 120.0
# So many connections are opened at the same time.
OPENING = 200
SUBSCRIBE = "/binnacle.streamer.v1.LiveService/Subscribe"
# Streams share connections, a hundred to each.
CHANNELS = 10
_OWN = ("grpc.use_local_subchannel_pool", 1)
_PING, _PONG = b"\x89\x00", b"\x8a\x80\0\0\0\0"
_MASK = b"\0\0\0\0"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a client says hello, and what it looks for in what comes.

    `opening` is sent at once; `first` is said once the answer to it is there, and `ready` is in the answer to that.
    Every message has `mark`, and after it the Unix time in seconds at which it was sent, where `timed`; a frame may
    hold several messages, each has `frame` once.
    """

    opening: bytes
    first: bytes
    ready: bytes
    mark: bytes
    frame: bytes
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Received:
    """What came since the last look, all clients together; ages in milliseconds."""

    frames: int
    messages: int
    size: int
    ages_ms: npt.NDArray[np.float64]


def upgrade(path: str, *headers: str) -> bytes:
    """A request for a WebSocket."""
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: bench",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode()


def text(message: bytes) -> bytes:
    """A masked text frame of at most 64 KiB."""
    size = len(message)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    # A mask of zeros leaves the message as it is.
    return b"\x81" + length + _MASK + message


class _Client(asyncio.Protocol):
    def __init__(self, dialect: Dialect, crowd: "_Crowd", opened: "asyncio.Future[None]") -> None:
        self._dialect = dialect
        self._crowd = crowd
        self._opened = opened
        self._said = False
        self._kept = b""
        self._keep = max(len(dialect.mark), len(dialect.frame)) - 1

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._dialect.opening)

    def data_received(self, data: bytes) -> None:
        if not self._opened.done():
            self._greet(data)
            return
        if _PING in data:
            self._transport.write(_PONG)
        whole = self._kept + data
        self._crowd.took(whole, len(data), self._kept)
        self._kept = whole[-self._keep :]

    def connection_lost(self, error: Exception | None) -> None:
        self._crowd.lost += 1
        if not self._opened.done():
            self._opened.set_exception(ConnectionError(f"refused: {self._kept[:300]!r}"))

    def _greet(self, data: bytes) -> None:
        self._kept += data
        if not self._said and b"\r\n\r\n" in self._kept:
            self._said = True
            self._transport.write(self._dialect.first)
        if self._said and self._dialect.ready in self._kept:
            self._kept = b""
            self._opened.set_result(None)


class _Crowd:
    def __init__(self) -> None:
        self.lost = 0
        self.dialect: Dialect | None = None
        self._clear()

    def _clear(self) -> None:
        self._frames = self._messages = self._size = 0
        self._ages: list[float] = []

    def took(self, data: bytes, size: int, kept: bytes) -> None:
        dialect = self.dialect
        assert dialect is not None
        self._size += size
        # What was kept is shorter than either, so that nothing is counted twice.
        self._frames += data.count(dialect.frame) - kept.count(dialect.frame)
        self._messages += data.count(dialect.mark) - kept.count(dialect.mark)
        if dialect.timed:
            self._age(data, dialect.mark)

    def _age(self, data: bytes, mark: bytes) -> None:
        # A time that is cut off is left out.
        now = time.time()
        self._ages += [(now - float(told)) * 1e3 for told in re.findall(re.escape(mark) + rb"([0-9.]+)[,}]", data)]

    def count(self, frame: bytes) -> None:
        """A frame as a whole."""
        assert self.dialect is not None
        self._frames += 1
        self._messages += frame.count(self.dialect.mark)
        self._size += len(frame)

    def taken(self) -> Received:
        received = Received(self._frames, self._messages, self._size, np.array(self._ages))
        self._clear()
        return received


async def _serve(commands: Connection) -> None:
    loop, crowd, transports = asyncio.get_running_loop(), _Crowd(), []
    while (command := await loop.run_in_executor(None, commands.recv)) is not None:
        if command == "take":
            commands.send((crowd.taken(), crowd.lost))
            continue
        crowd.dialect, port, count = command
        opening = asyncio.Semaphore(OPENING)

        async def opened(port: int, dialect: Dialect, gate: asyncio.Semaphore) -> Any:
            async with gate:
                done: asyncio.Future[None] = loop.create_future()
                transport, _client = await loop.create_connection(
                    lambda: _Client(dialect, crowd, done), "127.0.0.1", port
                )
                await done
                return transport

        try:
            async with asyncio.timeout(OPEN_SECONDS):
                transports += await asyncio.gather(*(opened(port, crowd.dialect, opening) for _number in range(count)))
        except (OSError, TimeoutError) as error:
            commands.send(error)
        else:
            commands.send(None)


async def _serve_streams(commands: Connection) -> None:
    loop, received = asyncio.get_running_loop(), _Crowd()
    tasks: set[asyncio.Task[None]] = set()
    channels: list[grpc.aio.Channel] = []
    request = live_service_pb2.SubscribeRequest()
    request.subscriptions.add().events.types.append(TYPE)

    async def follow(channel: grpc.aio.Channel, begun: asyncio.Event) -> None:
        # Without a serialiser it takes and gives bytes.
        call: Any = channel.unary_stream(SUBSCRIBE)
        async for frame in call(request.SerializeToString()):
            begun.set()
            received.count(frame)

    while (command := await loop.run_in_executor(None, commands.recv)) is not None:
        if command == "take":
            commands.send((received.taken(), sum(task.done() for task in tasks)))
            continue
        received.dialect, port, count = command
        channels += [grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[_OWN]) for _number in range(CHANNELS)]
        begun = [asyncio.Event() for _number in range(count)]
        tasks |= {asyncio.create_task(follow(channels[n % CHANNELS], event)) for n, event in enumerate(begun)}
        async with asyncio.timeout(OPEN_SECONDS):
            await asyncio.gather(*(event.wait() for event in begun))
        commands.send(None)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(channel.close() for channel in channels))


def _run(serve: Callable[[Connection], Coroutine[Any, Any, None]], commands: Connection) -> None:
    uvloop.run(serve(commands))


class Crowd:
    """The clients, from outside."""

    def __init__(self, commands: Connection) -> None:
        self._commands = commands

    def open(self, dialect: Dialect, port: int, count: int) -> None:
        """Open connections and return when all are ready. Raises what one of them met."""
        self._commands.send((dialect, port, count))
        error = self._commands.recv()
        if error is not None:
            raise error

    def take(self) -> Received:
        """What came since the last look. Raises ConnectionError when a client was cut off."""
        self._commands.send("take")
        received: Received
        received, lost = self._commands.recv()
        if lost:
            raise ConnectionError(f"{lost} clients were cut off")
        return received


@contextmanager
def crowd(*, streams: bool = False) -> Iterator[Crowd]:
    """A process of clients for the length of the block: of sockets, or of gRPC streams."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(_serve_streams if streams else _serve, theirs))
    process.start()
    try:
        yield Crowd(ours)
    finally:
        ours.send(None)
        process.join(10)
        process.kill()
