"""A server that speaks as much of ClickHouse's HTTP interface as `clickhouse-connect` uses, over the embedded engine.

`python -m tests.support.clickhouse_server <folder> <port>` serves a folder, and says so in a line once it does. Faults
are ordered by `POST /faults` with `{"kind", "match", "count", "seconds"}`: the next `count` statements that hold the
text `match` meet one. Nothing here judges users or passwords.
"""

import gzip
import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import lz4.frame
from chdb.state.sqlitelike import connect

# Parts of the address that are no settings of the statement.
_NO_SETTINGS = frozenset(
    (
        "query",
        "database",
        "default_format",
        "session_id",
        "session_timeout",
        "query_id",
        "user",
        "password",
        "compress",
        "decompress",
        "quota_key",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "send_progress_in_http_headers",
        "wait_end_of_query",
        "client_protocol_version",
        "role",
        "buffer_size",
    )
)
_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_INSERT = re.compile(rb"\s*(INSERT\s[^\n]*?)\sFORMAT\s+(\w+) ?\n?(.+)", re.IGNORECASE | re.DOTALL)
_KILL = re.compile(r"^\s*KILL\s+QUERY\s+WHERE\s+query_id\s*=\s*'([^']*)'", re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)")
_NOT_FOUND = {"60", "81", "46"}
_FAILED = "SELECT sum(value) FROM system.events WHERE event = 'FailedInsertQuery'"
_REASON = "SELECT argMax(last_error_code, last_error_time), argMax(last_error_message, last_error_time)"
_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.decompress,
    "lz4": lz4.frame.decompress,
}
_ENCODERS: Mapping[str, Callable[[bytes], bytes]] = {"lz4": lz4.frame.compress, "gzip": gzip.compress}


class Faults:
    """What goes wrong next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[dict[str, Any]] = []

    def order(self, fault: dict[str, Any]) -> None:
        """One more fault; `{"kind": "none"}` takes all back."""
        with self._lock:
            self._ordered = [] if fault["kind"] == "none" else [*self._ordered, {"match": "", "count": 1} | fault]

    def for_statement(self, sql: str) -> dict[str, Any] | None:
        """The fault this statement meets."""
        with self._lock:
            for fault in self._ordered:
                if fault["count"] > 0 and fault["match"] in sql:
                    fault["count"] -= 1
                    return fault
        return None


class Engine:
    """The embedded engine, a connection to each statement that runs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connect: Callable[[], Any] = lambda: connect(f"{folder}?max_server_memory_usage={4 << 30}")
        self._idle: LifoQueue[Any] = LifoQueue()
        self._opening = threading.Lock()
        self._inserting = threading.Lock()
        self._connection_to("default").put(self._idle)

    def select(self, sql: str, form: str, given: Mapping[str, str]) -> bytes:
        """Run anything but an insert with a body."""
        with self._borrowed(given) as connection:
            parameters = {name[6:]: value for name, value in given.items() if name.startswith("param_")}
            named = f"{sql}\n-- query_id:{given.get('query_id', '')};\n"
            return connection.query(named, form, params=parameters).bytes() or b""

    def kill(self, query_id: str) -> bytes:
        """Stop a statement by its id."""
        with self._borrowed({}) as connection:
            mine = f"query LIKE '%query_id:{query_id};%' AND query NOT LIKE '%KILL QUERY%'"
            return connection.query(f"KILL QUERY WHERE {mine} SYNC", "TabSeparated").bytes() or b""

    def insert(self, sql: str, form: str, body: bytes, given: Mapping[str, str]) -> None:
        """Insert a body. One at a time: the engine tells of failures by a count alone."""
        with self._inserting, self._borrowed(given) as connection:
            before = connection.query(_FAILED, "TSV").bytes()
            inserter = connection.send_insert(sql, form)
            with inserter:
                inserter.append(body)
                inserter.finish()
            if connection.query(_FAILED, "TSV").bytes() != before:
                code, _, reason = connection.query(f"{_REASON} FROM system.errors", "TSV").bytes().partition(b"\t")
                raise RuntimeError(f"Code: {code.decode()}. DB::Exception: {reason.decode().strip()}")

    @contextmanager
    def _borrowed(self, given: Mapping[str, str]) -> Iterator[Any]:
        """A connection with the database and settings of a call."""
        connection = self._connection_to(given.get("database", "default"))
        settings = [name for name in given if name not in _NO_SETTINGS and not name.startswith("param_")]
        try:
            for name in settings:
                value = given[name].replace("\\", "\\\\").replace("'", "\\'")
                connection.raw.query(f"SET {name} = '{value}'")
            yield connection.raw
        finally:
            for name in settings:
                connection.raw.query(f"SET {name} = DEFAULT")
            connection.put(self._idle)

    def _connection_to(self, database: str) -> "Connection":
        try:
            connection: Connection = self._idle.get_nowait()
        except Empty:
            with self._opening:
                connection = Connection(self._connect())
        connection.use(database)
        return connection


class Connection:
    """One connection and the database it stands in."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self._database = "default"

    def use(self, database: str) -> None:
        """Stand in a database."""
        if database != self._database:
            self.raw.query(f"USE `{database}`")
            self._database = database

    def put(self, idle: "LifoQueue[Any]") -> None:
        """Give back."""
        idle.put(self)


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    engine: Engine
    faults: Faults

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().strip(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return _DECODERS[self.headers.get("Content-Encoding", "")](body)

    def _answer(self, body: bytes) -> None:
        address = urlsplit(self.path)
        if address.path == "/ping":
            self._send(200, b"Ok.\n")
        elif address.path == "/faults":
            self.faults.order(json.loads(body))
            self._send(200, b"")
        else:
            self._statement(dict(parse_qsl(address.query, keep_blank_values=True)), body)

    def _statement(self, given: dict[str, str], body: bytes) -> None:
        if "multipart/form-data" in self.headers.get("Content-Type", ""):
            given |= _form(body, self.headers["Content-Type"])
            body = b""
        statement = b"\n".join(part for part in (given.get("query", "").encode(), body) if part)
        insert = _INSERT.match(statement)
        sql = insert[1].decode() if insert else statement.decode()
        fault = self.faults.for_statement(sql) or {"kind": ""}
        if fault["kind"] in ("hang", "slow"):
            time.sleep(fault["seconds"])
        if fault["kind"] in ("drop", "hang"):
            self._hang_up()
        elif fault["kind"] == "error":
            self._refuse("Code: 210. DB::NetException: I/O error: Broken pipe (NETWORK_ERROR)")
        else:
            self._run(sql, insert, given, fault["kind"])

    def _run(self, sql: str, insert: re.Match[bytes] | None, given: dict[str, str], fault: str) -> None:
        try:
            form, answer = self._result(sql, insert, given)
        except RuntimeError as error:
            self._refuse(str(error))
            return
        if fault == "drop_after":
            self._hang_up()
        else:
            self._send(200, answer, {"X-ClickHouse-Format": form}, given, cut=fault == "cut")

    def _result(self, sql: str, insert: re.Match[bytes] | None, given: dict[str, str]) -> tuple[str, bytes]:
        if killed := _KILL.match(sql):
            return "TabSeparated", self.engine.kill(killed[1])
        if insert:
            self.engine.insert(sql, insert[2].decode(), insert[3], given)
            return insert[2].decode(), b""
        form = given.get("default_format", "TabSeparated")
        if found := _FORMAT.search(sql):
            form, sql = found[1], sql[: found.start()]
        return form, self.engine.select(sql, form, given)

    def _refuse(self, reason: str) -> None:
        found = _CODE.search(reason)
        code = found[1] if found else "1002"
        status = 404 if code in _NOT_FOUND else 500
        self._send(status, f"{reason} (version 26.9.2.1)\n".encode(), {"X-ClickHouse-Exception-Code": code})

    def _send(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
        *,
        cut: bool = False,
    ) -> None:
        given = given or {}
        headers = {**(headers or {}), "X-ClickHouse-Timezone": "UTC", "X-ClickHouse-Summary": "{}"}
        headers["X-ClickHouse-Query-Id"] = given.get("query_id", "")
        wanted = [word.strip() for word in self.headers.get("Accept-Encoding", "").split(",")]
        coding = next((word for word in wanted if word in _ENCODERS), "")
        if body and coding and given.get("enable_http_compression") == "1":
            body, headers["Content-Encoding"] = _ENCODERS[coding](body), coding
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _form(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a form, as parameters that are too long for an address are sent."""
    boundary = content_type.partition("boundary=")[2].encode()
    fields = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        if name := re.search(rb'name="([^"]+)"', head):
            fields[name[1].decode()] = value.decode()
    return fields


class Server(ThreadingHTTPServer):
    """Many clients at once."""

    daemon_threads = True
    request_queue_size = 128


def main(folder: Path, port: int) -> None:
    """Serve until killed, or until the standard input ends."""
    Handler.engine, Handler.faults = Engine(folder), Faults()
    server = Server(("127.0.0.1", port), Handler)
    sys.stdout.write(f"listening {server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Ends with the test that started it, however that ends.
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
