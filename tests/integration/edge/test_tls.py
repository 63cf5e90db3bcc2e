"""The edge by TLS: both protocols, every face, and nobody without a certificate where one is wanted."""

import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import grpc
import httpx
import pytest
from websockets.sync.client import connect

from binnacle.streamer.v1 import system_service_pb2 as system, system_service_pb2_grpc
from services.core.tenants import DEFAULT_TENANT
from services.launcher.administering.suite_client import Access, SuiteClient
from services.launcher.certificates import own_certificate
from services.launcher.edge import EdgeSettings
from services.launcher.failures import LauncherError
from services.launcher.transport import Tls
from tests.integration.edge.conftest import Edge, running_edge
from tests.support.authority import Authority

pytestmark = [pytest.mark.processes, pytest.mark.network]


def own(folder: Path, told: EdgeSettings) -> EdgeSettings:
    certificate, key = own_certificate(folder, "127.0.0.1")
    return replace(told, tls=Tls(str(certificate), str(key)))


def mutual(folder: Path, told: EdgeSettings) -> EdgeSettings:
    authority = Authority(folder)
    certificate, key = authority.sign("127.0.0.1")
    return replace(told, tls=Tls(str(certificate), str(key), str(authority.certificate), lasting=True))


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    with running_edge(auth=False, change=own) as running:
        yield running


@pytest.fixture(scope="module")
def mutual_edge() -> Iterator[Edge]:
    with running_edge(auth=False, change=mutual) as running:
        yield running


@pytest.fixture
def trust(edge: Edge) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=edge.folder / "edge.crt")


def spoken(edge: Edge, context: ssl.SSLContext, *protocols: str) -> str | None:
    """The protocol that was agreed on in a handshake."""
    context.set_alpn_protocols(list(protocols))
    with (
        socket.create_connection(("127.0.0.1", edge.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        return secured.selected_alpn_protocol()


def test_its_own_certificate_holds_for_this_machine(edge: Edge, trust: ssl.SSLContext) -> None:
    for host in ("127.0.0.1", "localhost"):
        answer = httpx.get(f"https://{host}:{edge.port}/health", verify=trust)
        assert answer.status_code == HTTPStatus.OK
        assert "strict-transport-security" not in answer.headers, "it could not be renewed by a given one"


def test_nobody_else_is_believed(edge: Edge) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{edge.url}/health")


def test_the_newer_protocol_is_agreed_on_where_both_speak_it(edge: Edge, trust: ssl.SSLContext) -> None:
    assert spoken(edge, trust, "h2", "http/1.1") == "h2"
    assert spoken(edge, trust, "http/1.1") == "http/1.1"


def test_old_tls_is_refused(edge: Edge, trust: ssl.SSLContext) -> None:
    with pytest.warns(DeprecationWarning, match="deprecated"):
        trust.minimum_version = trust.maximum_version = ssl.TLSVersion.TLSv1_1
    trust.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(OSError, match=r"(?i)alert|version|protocol"):
        spoken(edge, trust, "h2")


def test_plain_http_is_not_answered(edge: Edge) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{edge.port}/health")


def test_grpc_comes_in(edge: Edge) -> None:
    credentials = grpc.ssl_channel_credentials((edge.folder / "edge.crt").read_bytes())
    with grpc.secure_channel(f"localhost:{edge.port}", credentials) as channel:
        health = system_service_pb2_grpc.SystemServiceStub(channel).GetHealth(system.GetHealthRequest(), timeout=10)
    assert health.status == "healthy"


def test_sockets_come_in(edge: Edge, trust: ssl.SSLContext) -> None:
    with connect(f"wss://127.0.0.1:{edge.port}/ws/dashboard", ssl=trust, proxy=None) as socket_:
        assert json.loads(socket_.recv())["path"] == "/ws/dashboard"


def test_who_has_no_certificate_stays_outside_where_one_is_wanted(mutual_edge: Edge) -> None:
    folder = mutual_edge.folder
    trusting = ssl.create_default_context(cafile=folder / "authority.crt")
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{mutual_edge.url}/health", verify=trusting)
    (folder / "elsewhere").mkdir()
    trusting.load_cert_chain(*Authority(folder / "elsewhere").sign("somebody"))
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{mutual_edge.url}/health", verify=trusting)


def test_who_has_one_comes_in_and_is_to_come_so_again(mutual_edge: Edge) -> None:
    folder = mutual_edge.folder
    trusting = ssl.create_default_context(cafile=folder / "authority.crt")
    trusting.load_cert_chain(folder / "127.0.0.1.crt", folder / "127.0.0.1.key")
    answer = httpx.get(f"{mutual_edge.url}/health", verify=trusting)
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_commands_come_in_with_a_certificate(
    mutual_edge: Edge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mutual_edge.folder / "authority.crt"))
    without = Access(mutual_edge.url, "token", tmp_path)
    with pytest.raises(LauncherError, match="Nothing answers"):
        SuiteClient(without, DEFAULT_TENANT).ask("GET", "/health")
    both = tmp_path / "client.pem"
    both.write_bytes(b"".join((mutual_edge.folder / f"127.0.0.1.{end}").read_bytes() for end in ("crt", "key")))
    assert SuiteClient(replace(without, certificate=both), DEFAULT_TENANT).ask("GET", "/health")["status"] == "healthy"
    both.write_text("nothing of the kind")
    with pytest.raises(LauncherError, match="does not hold a certificate with its key"):
        SuiteClient(replace(without, certificate=both), DEFAULT_TENANT)
