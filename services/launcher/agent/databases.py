"""How many connections the databases of a suite have open, from their own statistics.

Redis tells its clients, a ClickHouse server those of each of its interfaces; what asks here is among them. The built-in
ClickHouse is a part of the aggregator's process, and has none.
"""

from urllib.parse import unquote, urlsplit

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core import conventions
from services.launcher.agent.readings import Reading

DATABASE_LABEL = "database"
TIMEOUT_SECONDS = 2.0
_OPEN = (
    "SELECT sum(value) FROM system.metrics"
    " WHERE metric IN ('TCPConnection', 'HTTPConnection', 'MySQLConnection', 'PostgreSQLConnection')"
)


class RedisConnections:
    """Reads one Redis; gives nothing while it does not answer."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)

    async def read(self) -> list[Reading]:
        """The clients that are connected now."""
        try:
            found = await self._redis.info("clients")
            return [_connections("redis", float(found["connected_clients"]))]
        except (RedisError, OSError):
            return []

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()


class ClickHouseConnections:
    """Reads a server at `clickhouse://user:password@host:port`; gives nothing while it does not answer."""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        secure = parts.scheme == "clickhouses"
        port = parts.port or (8443 if secure else 8123)
        self._http = httpx.AsyncClient(
            base_url=f"{'https' if secure else 'http'}://{parts.hostname}:{port}",
            auth=(unquote(parts.username or "default"), unquote(parts.password or "")),
            timeout=TIMEOUT_SECONDS,
        )

    async def read(self) -> list[Reading]:
        """The connections that are open now."""
        try:
            answer = await self._http.get("/", params={"query": _OPEN})
            answer.raise_for_status()
            return [_connections("clickhouse", float(answer.text))]
        except (httpx.HTTPError, ValueError):
            return []

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()


def is_server(dsn: str) -> bool:
    """Whether this names a server, and not the built-in ClickHouse."""
    return urlsplit(dsn).scheme in ("clickhouse", "clickhouses")


def _connections(database: str, count: float) -> Reading:
    return Reading(conventions.DATABASE_CONNECTIONS, count, {DATABASE_LABEL: database}, unit="1")
