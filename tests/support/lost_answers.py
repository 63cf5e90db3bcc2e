"""A way to a Redis on which answers get lost: what was asked is done, and who asked does not hear of it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from tests.support.redis_server import RedisServer
from tests.support.services import socket_address

CHUNK = 65_536


class LossyWay:
    """Passes everything on to and fro, until it is told what to lose."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._address = socket_address("lossy")
        self._doomed: tuple[bytes, bytes] | None = None
        self.lost = asyncio.Event()
        """Set once an answer was lost."""

    @property
    def url(self) -> str:
        return self._address.replace("unix:", "unix://")

    def lose(self, asked: str, answer: bytes) -> None:
        """Lose the next such answer to a question that holds a text, and break the connection."""
        self.lost.clear()
        self._doomed = (asked.encode(), answer)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["LossyWay"]:
        """Within the block there is a way."""
        async with await asyncio.start_unix_server(self._pass_on, self._address.removeprefix("unix:")):
            yield self

    async def _pass_on(self, near: StreamReader, to_near: StreamWriter) -> None:
        far, to_far = await asyncio.open_unix_connection(self._server.url.removeprefix("unix://"))
        asked = bytearray()

        def asking(chunk: bytes) -> bool:
            asked[:] = chunk
            return True

        def answering(chunk: bytes) -> bool:
            if self._doomed is None or self._doomed[0] not in asked or chunk != self._doomed[1]:
                return True
            self._doomed = None
            self.lost.set()
            return False

        await asyncio.gather(_pumped(near, to_far, asking), _pumped(far, to_near, answering))


async def _pumped(source: StreamReader, target: StreamWriter, passes: Callable[[bytes], bool]) -> None:
    """Pass on until one side ends, or something may not pass."""
    with suppress(OSError):
        while (chunk := await source.read(CHUNK)) and passes(chunk):
            target.write(chunk)
            await target.drain()
    target.close()
