"""What `binnacle status` says where things are not as they should be."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.launcher.certificates import own_certificate
from services.launcher.cli import main
from services.launcher.places import free_port

pytestmark = pytest.mark.network

ILL = {
    "components": [
        {"name": "aggregator", "kind": "process", "status": "healthy", "problem": "", "response_ms": 1.5},
        {"name": "alerting", "kind": "process", "status": "unhealthy", "problem": "does not answer"},
    ]
}
Answers = Mapping[str, tuple[int, object]]


@contextmanager
def serving(answers: Answers, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Somebody who answers so; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, {"message": "there is no such path"}))
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_request(self, code: object = "-", size: object = "-") -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A handshake that a client breaks off is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def status(*arguments: str) -> tuple[int, str]:
    told = CliRunner().invoke(main, ["status", *arguments])
    return told.exit_code, told.output


def test_where_nothing_runs_it_says_what_to_do() -> None:
    url = f"http://127.0.0.1:{free_port('127.0.0.1')}"
    code, text = status("--url", url)
    assert code == 2
    assert f"No suite runs at {url}" in text
    assert "binnacle up" in text
    code, text = status("--url", url, "--json")
    assert code == 2
    assert json.loads(text)["status"] == "down"


def test_a_part_that_is_ill_is_named_and_fails() -> None:
    with serving({"/api/system/components": (200, ILL), "/app": (200, {})}) as url:
        code, text = status("--url", url)
        assert code == 1
        assert "alerting: does not answer" in text
        code, text = status("--url", url, "--json")
    assert code == 1
    parts = {part["name"]: part for part in json.loads(text)["parts"]}
    assert parts["alerting"]["problem"] == "does not answer"
    assert {name for name, part in parts.items() if part["status"] == "healthy"} == {"edge", "aggregator", "web app"}


def test_an_edge_with_nobody_behind_is_told_from_nothing() -> None:
    with serving({"/api/system/components": (503, {"message": "no healthy upstream"})}) as url:
        code, text = status("--url", url, "--json")
    assert code == 1
    parts = {part["name"]: (part["status"], part["problem"]) for part in json.loads(text)["parts"]}
    assert parts == {"edge": ("healthy", ""), "streamer": ("unhealthy", "no healthy upstream")}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, {"message": "Jwt is missing"}), "wants a token"),
        ((200, {"hello": "world"}), "is no Binnacle"),
        ((500, {"message": "internal error"}), "answers 500: internal error"),
    ],
)
def test_what_cannot_be_asked_is_told_with_the_way_out(answer: tuple[int, object], told: str) -> None:
    with serving({"/api/system/components": answer}) as url:
        code, text = status("--url", url)
    assert code == 1
    assert told in text


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://here", "http://[::1"])
def test_what_is_no_address_is_said(url: str) -> None:
    code, text = status("--url", url)
    assert code == 1
    assert "is no address" in text


def test_a_certificate_that_is_not_trusted_is_told_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = own_certificate(tmp_path, "127.0.0.1")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with serving({"/api/system/components": (200, ILL), "/app": (200, {})}, tls) as url:
        code, text = status("--url", url)
        assert (code, "is not trusted" in text, "secrets/tls/edge.crt" in text) == (1, True, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.crt"))
        code, text = status("--url", url)
        assert (code, "names no file" in text) == (1, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert "alerting: does not answer" in status("--url", url)[1]
