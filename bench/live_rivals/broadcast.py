"""The usual fan-out with `websockets` on uvloop: one message made once, `broadcast` to every socket.

Arguments: port, messages a second, length of the padding.
"""

import asyncio
import sys
import time

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve


async def _run(port: int, rate: float, padding: int) -> None:
    sockets: set[ServerConnection] = set()

    async def handle(socket: ServerConnection) -> None:
        sockets.add(socket)
        try:
            await socket.wait_closed()
        finally:
            sockets.discard(socket)

    async with serve(handle, "127.0.0.1", port, compression=None):
        while True:
            await asyncio.sleep(1 / rate)
            broadcast(sockets, f'{{"sent":{time.time():.6f},"pad":"{"x" * padding}"}}')


uvloop.run(_run(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
