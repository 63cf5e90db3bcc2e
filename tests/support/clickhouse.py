"""A ClickHouse server as a process of its own, see `clickhouse_server`."""

import functools
import itertools
import json
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from services.aggregator.adapters.clickhouse.engine.engines import ServerEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from tests.support.empty_store import lay_empty_store
from tests.support.suite import free_port

FaultKind = Literal["drop", "hang", "error", "slow", "cut", "drop_after"]
"""`drop`: the connection ends unanswered; `drop_after`: so, but the statement has run; `hang`: no answer for `seconds`;
`error`: status 500; `slow`: the answer comes `seconds` late; `cut`: the answer ends in the middle."""


FIRST = "binnacle"
"""The database that a server begins with."""
_TABLES = Statement(
    "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY engine = 'View'"
)
_FILLED = ("schema_versions", "turns")


@functools.cache
def shared_server() -> "ClickHouseServer":
    """One server for all tests of this process that order no faults; ends with it. Its first database is a store."""
    lay_empty_store(Path(_folder().name))
    server = ClickHouseServer(Path(_folder().name))
    server.start()
    return server


@functools.cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="bn-clickhouse-")


class ClickHouseServer:
    """A context manager; may be killed and started again on the same folder and port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._databases = itertools.count(1)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """What the aggregator is told."""
        return f"clickhouse://default:@127.0.0.1:{self.port}/{FIRST}"

    def fresh_dsn(self) -> str:
        """A database of its own; with empty tables of a store where the first has them."""
        made = f"{self.dsn}_{next(self._databases)}"
        first, another = ServerEngine.connect(self.dsn), ServerEngine.connect(made)
        try:
            for name, statement in first.query(_TABLES):
                another.execute(statement.replace(f" {FIRST}.", " "))
                if name in _FILLED:
                    another.execute(f"INSERT INTO {name} SELECT * FROM {FIRST}.{name}")
        finally:
            first.close()
            another.close()
        return made

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start, and return once it listens."""
        command = [sys.executable, "-m", "tests.support.clickhouse_server", str(self._folder), str(self.port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith(b"listening")

    def kill(self) -> None:
        """Kill -9, if it runs."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            process.stdout.close()

    def fault(self, kind: FaultKind, match: str = "", count: int = 1, seconds: float = 0.0) -> None:
        """The next statements that hold a text meet a fault."""
        self._order(kind=kind, match=match, count=count, seconds=seconds)

    def heal(self) -> None:
        """No more faults."""
        self._order(kind="none")

    def _order(self, **fault: Any) -> None:
        body = json.dumps(fault).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/faults", body, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
