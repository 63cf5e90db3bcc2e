"""The HTTP listener: pages, signing in, sockets."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from services.runtime import http
from services.runtime.access import Access
from services.runtime.process import Process

# The edge keeps connections for an hour; it must be the one that closes them, or a request meets a closed one.
KEEPALIVE_SECONDS: Final = 3_700.0
SHUTDOWN_SECONDS: Final = 1.0
STANDING: Final = "/health"


def standing(process: Process) -> web.RouteDef:
    """Where the edge asks whether to send more pages and sockets here."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=503 if process.leaving.is_set() else 200)

    return web.get(STANDING, answer)


def guarded(routes: list[web.RouteDef], access: Access) -> list[web.RouteDef]:
    """The same for those alone whom the edge, or a process of the suite, hands on. Sockets see to that themselves."""

    def known(handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            stranger = access.stranger(request.headers)
            return await handler(request) if stranger is None else http.refusal(stranger)

        return handle

    return [web.RouteDef(route.method, route.path, known(route.handler), route.kwargs) for route in routes]


def listening(
    address: str, routes: list[web.RouteDef], stop: Callable[[], Awaitable[None]]
) -> AbstractAsyncContextManager[None]:
    """An HTTP listener for the length of the block; `stop` is awaited once it takes no more connections.

    Raises Unavailable when the address is taken.
    """

    async def stopping(_application: web.Application) -> None:
        await stop()

    application = web.Application(middlewares=[http.errors])
    application.add_routes(routes)
    application.on_shutdown.append(stopping)
    runner = web.AppRunner(
        application, access_log=None, keepalive_timeout=KEEPALIVE_SECONDS, shutdown_timeout=SHUTDOWN_SECONDS
    )
    return http.listening(runner, address)
