"""Envoy's admin interface on its unix socket."""

import json

import httpx

from services.launcher.probes import ASK_SECONDS, NOBODY_THERE, NotReady

OPEN_CONNECTIONS = "http.edge.downstream_cx_active"


class EnvoyAdmin:
    """Asks and tells one Envoy. Every method raises NotReady when it does not answer."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def ensure_ready(self, number: int = 0) -> None:
        """Return once its listeners are open, and it is the `number`-th of those that took over from each other."""
        await self._call("GET", "/ready")
        answering = json.loads(await self._call("GET", "/server_info"))["command_line_options"]["restart_epoch"]
        if answering != number:
            raise NotReady("the one before still answers")

    async def open_connections(self) -> int:
        """Connections of clients."""
        text = await self._call("GET", "/stats?usedonly&filter=" + OPEN_CONNECTIONS.replace(".", r"\."))
        return sum(int(line.rsplit(":", 1)[1]) for line in text.splitlines() if ":" in line)

    async def drain(self) -> None:
        """Ask clients to leave, and take no new ones after the drain time Envoy was started with."""
        await self._call("POST", "/healthcheck/fail")
        await self._call("POST", "/drain_listeners?graceful")

    async def _call(self, method: str, path: str) -> str:
        transport = httpx.AsyncHTTPTransport(uds=self._path)
        async with httpx.AsyncClient(transport=transport, base_url="http://envoy", timeout=ASK_SECONDS) as client:
            try:
                answer = await client.request(method, path)
            except httpx.ConnectError as error:
                raise NotReady(NOBODY_THERE) from error
            except httpx.TransportError as error:
                raise NotReady(str(error) or type(error).__name__) from error
        if answer.is_error:
            raise NotReady(answer.text.strip())
        return answer.text
