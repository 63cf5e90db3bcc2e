"""A server of the kind that raises the alarm when pings stay away."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web


class Listener:
    """Keeps what it was asked for, and fails when it is told to."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        """A ping."""
        self.paths.append(request.path)
        return web.Response(status=self.status)

    def heard(self, count: int, path: str = "") -> Callable[[], Awaitable[bool]]:
        """Whether it was pinged so often, at a path or at any."""

        async def is_heard() -> bool:
            return sum(not path or one == path for one in self.paths) >= count

        return is_heard


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, Listener]]:
    """A listener and its address, within the block."""
    listener, app = Listener(), web.Application()
    app.router.add_get("/{path:.*}", listener.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", listener
    finally:
        await runner.cleanup()
