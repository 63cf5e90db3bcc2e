"""A real Envoy with our rendered configuration, and tiny servicers of our contracts behind it."""

import json
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

import grpc
import httpx
import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, unix_serve

from services.launcher.edge import LOG_OPTIONS, PROCESSES, EdgeSettings, Target, render
from services.launcher.edge_limits import EdgeLimits
from services.launcher.issuers import own_issuer
from services.launcher.keys import read_or_make_jwt_key
from services.launcher.places import free_port
from services.launcher.programs import envoy_program
from tests.integration.edge.servicers import Log, serve
from tests.support.waiting import eventually_sync

# What the edge is known by to those behind it.
KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Edge:
    """A running edge: its address, the calls that came through, the key of its tokens, its process and its folder."""

    port: int
    log: Log
    jwt_key: bytes
    folder: Path
    scheme: str = "http"
    pid: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def statistics(self) -> dict[str, int]:
        """What Envoy counted."""
        transport = httpx.HTTPTransport(uds=str(self.folder / "admin.sock"))
        with httpx.Client(transport=transport, base_url="http://envoy") as client:
            pairs = [line.rsplit(": ", 1) for line in client.get("/stats").text.splitlines()]
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}

    def printed(self) -> str:
        """All that Envoy wrote."""
        return (self.folder / "envoy.log").read_text()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30)


def page(connection: ServerConnection, request: Request) -> Response | None:
    """Plain GETs answer with what they asked for; sockets go on."""
    if request.headers.get("upgrade", "").lower() == "websocket":
        return None
    headers = Headers({"content-type": "text/html", "x-tenant-seen": request.headers.get("x-binnacle-tenant", "")})
    return Response(HTTPStatus.OK.value, "OK", headers, f"page {request.path}".encode())


def echo(connection: ServerConnection) -> None:
    """Say first which tenant and path arrived, then repeat everything."""
    assert connection.request is not None
    tenant = connection.request.headers.get("x-binnacle-tenant")
    connection.send(json.dumps({"tenant": tenant, "path": connection.request.path}))
    for message in connection:
        connection.send(message)


@contextmanager
def pages(path: Path) -> Iterator[None]:
    """The HTTP and WebSocket listener behind the edge."""
    with unix_serve(echo, str(path), process_request=page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def wait_until_open(local: Path, envoy: "subprocess.Popen[bytes]") -> None:
    """Wait for the edge to answer for the streamer behind it."""
    transport = httpx.HTTPTransport(uds=str(local))
    with httpx.Client(transport=transport, base_url="http://edge") as client:

        def is_open() -> bool:
            assert envoy.poll() is None, "Envoy ended"
            try:
                return listens(local) and client.get("/health").status_code == HTTPStatus.OK
            except httpx.TransportError:
                return False

        eventually_sync(is_open, "Envoy is open", within=60)


def stop_server(server: grpc.Server) -> None:
    server.stop(0).wait()


Change = Callable[[Path, EdgeSettings], EdgeSettings]


@contextmanager
def running_edge(
    auth: bool, down: str = "", limits: EdgeLimits | None = None, change: Change = lambda _folder, told: told
) -> Iterator[Edge]:
    """Everything but the process that is `down`, on unix sockets in a short folder, with one TCP port.

    `change` makes other settings of the usual ones, with files in the folder.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-", dir="/tmp")))
        log = Log()
        for process in (name for name in PROCESSES if name != down):
            server = serve(process, f"unix:{folder}/{process}.sock", log)
            stack.callback(stop_server, server)
        stack.enter_context(pages(folder / "pages.sock"))
        key = read_or_make_jwt_key(folder)
        edge = Edge(free_port("127.0.0.1"), log, key.secret, folder)
        told = EdgeSettings(
            listen=Target.parse(edge.target),
            local=Target.parse(f"unix:{folder}/edge.sock", mode=0o600),
            admin=Target.parse(f"unix:{folder}/admin.sock", mode=0o600),
            upstreams={name: Target.parse(f"unix:{folder}/{name}.sock") for name in (*PROCESSES, "pages")},
            issuers=[own_issuer(key.jwks)] if auth else (),
            limits=limits or EdgeLimits(),
        )
        settings = change(folder, told)
        config = folder / "envoy.yaml"
        config.write_text(render(settings))
        command = [
            str(envoy_program()),
            "-c",
            str(config),
            "--disable-hot-restart",
            "--concurrency",
            "1",
            *LOG_OPTIONS,
        ]
        printed = stack.enter_context((folder / "envoy.log").open("wb"))
        environment = {**os.environ, "BINNACLE_EDGE_SECRET": KNOWN}
        envoy = subprocess.Popen(command, stdout=printed, stderr=printed, env=environment)
        stack.callback(envoy.wait)
        stack.callback(envoy.terminate)
        wait_until_open(folder / "edge.sock", envoy)
        yield replace(edge, scheme="https" if settings.tls else "http", pid=envoy.pid)


@pytest.fixture(scope="module")
def open_edge() -> Iterator[Edge]:
    """An edge with authentication off."""
    with running_edge(auth=False) as edge:
        yield edge


@pytest.fixture(scope="module")
def guarded_edge() -> Iterator[Edge]:
    """An edge that wants tokens."""
    with running_edge(auth=True) as edge:
        yield edge


@pytest.fixture(scope="module")
def crippled_edge() -> Iterator[Edge]:
    """An edge whose aggregator is down."""
    with running_edge(auth=False, down="aggregator") as edge:
        yield edge
