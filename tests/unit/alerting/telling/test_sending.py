"""Whatever a receiver is set up with: telling others goes on, and no secret is told."""

import asyncio

import pytest
import structlog

from services.alerting.adapters.senders.sending import senders
from services.alerting.domain.telling.trying import Probes
from services.alerting.ports.notifications import Outcome
from services.alerting.ports.notifiers import Email, Means, PagerDuty, Receiver, Security, Slack, SmtpServer, Webhook
from tests.support.clock import ManualClock

pytestmark = pytest.mark.network
SECRET = "nobody-may-see-this"
SERVER = SmtpServer("127.0.0.1", 1, Security.NONE, "not an address")


@pytest.mark.parametrize(
    ("means", "smtp", "why"),
    [
        (Webhook(f"https://192.0.2.10/{SECRET}"), None, "not allowed by name"),
        (Webhook(f"https://[fe80::1%25{SECRET}]:99999/"), None, "none that can be called"),
        (Slack(webhook_url=f"http://127.0.0.1:9/{SECRET}"), None, "not allowed by name"),
        (Slack(), None, "set it again"),
        (PagerDuty(), None, "set it again"),
        (Email(("ann@example.com",)), None, "no mail server"),
        (Email(("ann@example.com",)), SERVER, "cannot be sent"),
        (Email(("ann@example.com",)), SmtpServer("127.0.0.1", 1, Security.NONE, "a@b"), "not allowed by name"),
    ],
)
async def test_what_cannot_be_sent_is_given_up_and_said(means: Means, smtp: SmtpServer | None, why: str) -> None:
    async with senders((), None, structlog.get_logger()) as sender:
        made = await Probes(sender, ManualClock(), "").send("default", Receiver("odd", means), smtp)
    assert made.outcome is Outcome.GIVEN_UP
    assert why in made.detail
    assert "ssl" not in made.detail
    assert SECRET not in made.detail


@pytest.mark.parametrize(
    "answer",
    [
        f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(SECRET) + 18}\r\n\r\nCannot POST /hook/{SECRET}".encode(),
        f"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nno key {SECRET}".encode(),
        b"this is no answer of HTTP\r\n\r\n",
    ],
    ids=["repeats what was asked for", "repeats a part of it", "makes no sense"],
)
async def test_what_a_receiver_answers_is_told_without_its_address(answer: bytes) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server, senders(("127.0.0.1",), None, structlog.get_logger()) as sender:
        host, port = server.sockets[0].getsockname()
        address = f"http://{host}:{port}/hook/{SECRET}?key={SECRET}"
        made = await Probes(sender, ManualClock(), "").send("default", Receiver("odd", Webhook(address)), None)
    assert made.detail
    assert SECRET not in made.detail


@pytest.mark.parametrize(
    "means",
    [Webhook(f"http://127.0.0.1:1/{SECRET}"), Slack(webhook_url=f"https://127.0.0.1:1/{SECRET}"), Email(("a@b.c",))],
    ids=["http", "https", "mail"],
)
async def test_what_cannot_be_reached_is_named_without_its_secret(means: Means) -> None:
    server = SmtpServer("127.0.0.1", 1, Security.NONE, "a@b")
    async with senders(("127.0.0.1",), None, structlog.get_logger()) as sender:
        made = await Probes(sender, ManualClock(), "").send("default", Receiver("away", means), server)
    assert made.detail.startswith("127.0.0.1:1: Connect call failed")
    assert SECRET not in made.detail
