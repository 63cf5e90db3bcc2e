"""The seam between embedded and served ClickHouse: queries, commands, and the door for Native bytes."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from services.aggregator.adapters.clickhouse.engine.cluster import SETTINGS, on_cluster
from services.aggregator.adapters.clickhouse.engine.statements import Statement, quoted
from services.aggregator.adapters.clickhouse.engine.unfinished import forget_unfinished
from services.core.errors import InvalidInput

Row = list[Any]
ROW_FORMAT = "JSONCompactEachRow"
DATABASE = "binnacle"
# Numbers stay numbers, NaN becomes null.
_QUERY_SETTINGS = "output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 0"
# What of a key is in a block several times is put together when parts are merged.
_INSERT_SETTINGS = (
    "async_insert = 0, max_partitions_per_insert_block = 0, insert_deduplicate = 1, optimize_on_insert = 0"
)
# How many inserts have failed since the start. To ask takes a quarter of the time of a small insert.
_FAILED_INSERTS = f"SELECT sum(value) FROM system.events WHERE event = 'FailedInsertQuery' SETTINGS {_QUERY_SETTINGS}"
_NO_ROWS = "SELECT 1 WHERE 0"
_NEWEST_ERROR = "SELECT argMax(last_error_message, last_error_time) FROM system.errors"
# A server that takes longer to be reached, or says nothing for so long, has failed.
_CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
# Of the embedded engine, where its address says nothing else. Rows that come in wake what merges them; what it does
# besides, in each table twice a second at first and then ever more seldom, is to look for what is not there.
_EMBEDDED: Mapping[str, str | int] = {
    # The whole process counts, the interpreter and its arrays too.
    "max_server_memory_usage": 4 << 30,
    "memory_worker_period_ms": 500,
    "background_processing_pool_thread_sleep_seconds_if_nothing_to_do": 5,
    "background_processing_pool_task_sleep_seconds_when_no_work_random_part": 5,
    "background_streaming_processing_pool_thread_sleep_seconds_if_nothing_to_do": 600,
}


class EngineFault(Exception):
    """The engine refused or did not answer."""


class Engine(Protocol):
    """One ClickHouse. Calls block and may be made from several threads; each raises EngineFault.

    `exclusive`: no other process can use its store meanwhile.
    """

    exclusive: bool

    def query(self, statement: Statement) -> list[Row]:
        """Rows of a SELECT; 64-bit integers as int, NaN as None."""
        ...

    def query_bytes(self, statement: Statement, form: str) -> bytes:
        """Rows of a SELECT in one of ClickHouse's formats."""
        ...

    def execute(self, sql: str) -> None:
        """Run a statement that answers nothing."""
        ...

    def insert(self, table: str, columns: str, body: bytes, token: str) -> None:
        """Insert Native `body`; dropped when `token` was inserted into this table before."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """Whether this thread's inserts within the block succeeded is known at its end: then it raises EngineFault."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


def open_engine(dsn: str, cluster: str = "") -> Engine:
    """The engine at `chdb:///path` or `clickhouse://user:password@host:port/database` (`clickhouses` with TLS).

    Its database exists afterwards, on all nodes of a `cluster`. Raises InvalidInput for another scheme.
    """
    parts = urlsplit(dsn)
    if parts.scheme == "chdb":
        return ChdbEngine(Path(parts.path), parts.query)
    if parts.scheme in ("clickhouse", "clickhouses"):
        return ServerEngine.connect(dsn, cluster=cluster)
    raise InvalidInput.of("clickhouse_dsn", "must start with chdb:/// or clickhouse://")


def _insert_sql(table: str, columns: str, token: str) -> str:
    return f"INSERT INTO {table} ({columns}) SETTINGS {_INSERT_SETTINGS}, insert_deduplication_token = {quoted(token)}"


def _query_sql(statement: Statement, form: str) -> str:
    """Each setting takes the engine time, also one that says nothing about the form."""
    settings = ", ".join(filter(None, (_QUERY_SETTINGS if form.startswith("JSON") else "", statement.settings)))
    return f"{statement.sql} SETTINGS {settings}" if settings else statement.sql


def rows_of(body: bytes) -> list[Row]:
    """The rows of an answer in ROW_FORMAT."""
    return [orjson.loads(line) for line in body.splitlines()]


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


def _given(value: Any) -> Any:
    """A parameter as the engine reads it: chDB hands texts over as they are, and lists without their quotes."""
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, list):
        return "[" + ",".join(_literal(item) for item in value) + "]"
    return value


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else quoted(value)


@contextmanager
def _faults(*kinds: type[Exception]) -> Iterator[None]:
    try:
        yield
    except kinds as error:
        raise EngineFault(str(error).partition("\n")[0][:500]) from error


class ChdbEngine:
    """ClickHouse inside this process. One process per path; one statement per connection at a time."""

    exclusive = True

    def __init__(self, path: Path, options: str = "") -> None:
        # Loading the engine takes half a second and 200 MB: only where it is used.
        from chdb.state.sqlitelike import connect

        path.mkdir(parents=True, exist_ok=True)
        forget_unfinished(path)
        settings = urlencode({**_EMBEDDED, **dict(parse_qsl(options))})
        self._connect: Callable[[], Any] = lambda: connect(f"{path}?{settings}")
        self._idle: LifoQueue[Any] = LifoQueue()
        self._all: list[Any] = []
        self._opening = threading.Lock()
        self._unchecked = threading.local()
        with _faults(RuntimeError):
            first = self._connect()
            self._all.append(first)
            # The default database is an Overlay, which lacks some of what Atomic has.
            first.query(f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic")
            first.query(f"USE {DATABASE}")
            # Counted since the process began, whichever store they were for.
            [[self._failed_inserts]] = rows_of(first.query(_FAILED_INSERTS, ROW_FORMAT).bytes())
            self._idle.put(first)

    def query(self, statement: Statement) -> list[Row]:
        return rows_of(self.query_bytes(statement, ROW_FORMAT))

    def query_bytes(self, statement: Statement, form: str) -> bytes:
        with self._connection() as connection:
            given = {name: _given(value) for name, value in statement.parameters.items()}
            return connection.query(_query_sql(statement, form), form, params=given).bytes() or b""

    def execute(self, sql: str) -> None:
        with self._connection() as connection:
            connection.query(sql)

    def insert(self, table: str, columns: str, body: bytes, token: str) -> None:
        with self._connection() as connection:
            known = self._failed_inserts
            inserter = connection.send_insert(_insert_sql(table, columns, token), "Native")
            with inserter:
                inserter.append(body)
                inserter.finish()
            if not hasattr(self._unchecked, "known"):
                self._check(connection, known)

    @contextmanager
    def together(self) -> Iterator[None]:
        known = self._unchecked.known = self._failed_inserts
        try:
            yield
        finally:
            del self._unchecked.known
        with self._connection() as connection:
            self._check(connection, known)

    def _check(self, connection: Any, known: int) -> None:
        """Raise when an insert failed meanwhile: the streaming door answers as if all were well, on a full disk too.

        It may have been another's insert; to repeat one that succeeded does no harm.
        """
        [[failed]] = rows_of(connection.query(_FAILED_INSERTS, ROW_FORMAT).bytes())
        self._failed_inserts = max(failed, self._failed_inserts)
        if failed != known:
            [[reason]] = rows_of(connection.query(_NEWEST_ERROR, ROW_FORMAT).bytes())
            raise RuntimeError(reason or "an insert failed")

    def close(self) -> None:
        for connection in self._all:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        with _faults(RuntimeError):
            connection = self._borrow()
            try:
                yield connection
            except RuntimeError:
                _take_leftovers(connection)
                raise
            finally:
                self._idle.put(connection)

    def _borrow(self) -> Any:
        try:
            return self._idle.get_nowait()
        except Empty:
            with self._opening:
                connection = self._connect()
                connection.query(f"USE {DATABASE}")
                self._all.append(connection)
            return connection


def _take_leftovers(connection: Any) -> None:
    """What a failed statement had answered so far comes before the next answer of its connection: this is the next."""
    while connection.query(_NO_ROWS, ROW_FORMAT).bytes():
        pass


class ServerEngine:
    """A ClickHouse server, or cluster behind one address, by HTTP."""

    exclusive = False

    def __init__(self, client: Any, cluster: str = "") -> None:
        self._client = client
        self._cluster = cluster

    @classmethod
    def connect(cls, dsn: str, answer_seconds: int = ANSWER_SECONDS, cluster: str = "") -> "ServerEngine":
        """Connect, creating the database the address names (`binnacle` when none).

        Every call fails when the server is silent for `answer_seconds`.
        """
        from clickhouse_connect import get_client
        from clickhouse_connect.driver.exceptions import ClickHouseError

        parts = urlsplit(dsn)
        database = parts.path.strip("/") or DATABASE
        interface = "https" if parts.scheme == "clickhouses" else "http"
        with _faults(ClickHouseError, OSError):
            # The database may have to be made first, so the first connection names none. Sessions would forbid two
            # statements at a time.
            bare = parts._replace(path="").geturl()
            options: dict[str, Any] = {
                "dsn": bare,
                "interface": interface,
                "autogenerate_session_id": False,
                "connect_timeout": _CONNECT_SECONDS,
                "send_receive_timeout": answer_seconds,
            }
            bootstrap = get_client(**options)
            made = cls(bootstrap, cluster)
            made.execute(f"CREATE DATABASE IF NOT EXISTS `{database}`")
            made.close()
            settings = SETTINGS if cluster else {}
            return cls(get_client(database=database, settings=dict(settings), **options), cluster)

    def query(self, statement: Statement) -> list[Row]:
        return rows_of(self.query_bytes(statement, ROW_FORMAT))

    def query_bytes(self, statement: Statement, form: str) -> bytes:
        with self._faults():
            parameters = dict(statement.parameters)
            return bytes(self._client.raw_query(_query_sql(statement, form), parameters=parameters, fmt=form))

    def execute(self, sql: str) -> None:
        with self._faults():
            for statement in on_cluster(sql, self._cluster) if self._cluster else [sql]:
                self._client.command(statement)

    def insert(self, table: str, columns: str, body: bytes, token: str) -> None:
        settings = {"async_insert": 0, "max_partitions_per_insert_block": 0, "insert_deduplication_token": token}
        with self._faults():
            self._client.raw_insert(
                table, column_names=columns.split(", "), insert_block=body, settings=settings, fmt="Native"
            )

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        self._client.close()

    def _faults(self) -> Any:
        from clickhouse_connect.driver.exceptions import ClickHouseError

        return _faults(ClickHouseError, OSError)
