"""Receivers of notifications that keep a ledger: over HTTP, as webhook, Slack or PagerDuty, and a mail server."""

import asyncio
import email
import json
import ssl
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from services.alerting.ports.notifiers import PagerDuty, Receiver, Security, Slack, SmtpServer, Webhook

ROUTING_KEY = "r" * 32
SIGNING_SECRET = "a secret to sign with"
USER, PASSWORD = "binnacle", "correct horse"
CHANNEL, TOKEN = "C0123", "xoxb-secret"


@dataclass(frozen=True, slots=True)
class Received:
    """What arrived somewhere: under which key, whether it says that it may be a repeat, and what it says."""

    place: str
    key: str
    labelled: bool
    title: str
    body: Any
    headers: Mapping[str, str]


@dataclass(slots=True)
class Ledger:
    """Everything that arrived, in order."""

    entries: list[Received] = field(default_factory=list)

    def at(self, place: str) -> list[Received]:
        """What arrived at one place."""
        return [one for one in self.entries if one.place == place]

    def titles(self, place: str) -> list[str]:
        """What those say."""
        return [one.title for one in self.at(place)]

    def unlabelled_repeats(self) -> list[Received]:
        """Whatever arrived once more without saying so."""
        seen = Counter[tuple[str, str]]()
        found = []
        for one in self.entries:
            seen[one.place, one.key] += 1
            if seen[one.place, one.key] > 1 and not one.labelled:
                found.append(one)
        return found


Answering = Callable[[web.Request], Awaitable[web.Response]]


async def taken(_request: web.Request) -> web.Response:
    """What each place answers unless told otherwise."""
    return web.json_response({"ok": True, "status": "success"}, status=200)


class HttpReceivers:
    """`/hook`, `/slack`, `/chat.postMessage` and `/pagerduty` at one address; `answers` says what a place does else."""

    def __init__(self, ledger: Ledger, runner: web.AppRunner) -> None:
        self.ledger = ledger
        self.url = ""
        self._runner = runner
        self.answers: dict[str, Answering] = {}
        self.refused: Counter[str] = Counter()

    @property
    def all(self) -> tuple[Receiver, ...]:
        """One receiver of each kind, called by its place."""
        hook = Webhook(f"{self.url}/hook", SIGNING_SECRET, "Bearer hook-secret")
        slack = Slack(webhook_url=f"{self.url}/slack")
        return (
            Receiver("hook", hook),
            Receiver("slack", slack),
            Receiver("pagerduty", PagerDuty(ROUTING_KEY, f"{self.url}/pagerduty")),
        )

    @property
    def bot(self) -> Receiver:
        """Slack by a token."""
        return Receiver("bot", Slack(token=TOKEN, channel=CHANNEL, api_url=f"{self.url}/chat.postMessage"))

    async def listen(self, port: int = 0) -> None:
        """From now on they can be reached; of any port where none is told."""
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Within the block nobody listens at their address."""
        [site], [address] = self._runner.sites, self._runner.addresses
        await site.stop()
        yield
        await self.listen(address[1])

    async def take(self, request: web.Request) -> web.Response:
        """Enter a request into the ledger, before it is answered; one that its place refuses is taken out again."""
        place, body = request.path.strip("/"), await request.text()
        entry = _received(place, json.loads(body), body, request.headers)
        self.ledger.entries.append(entry)
        answer = await self.answers.get(place, taken)(request)
        if 400 <= answer.status < 500:
            self.refused[place] += 1
            self.ledger.entries.remove(entry)
        return answer


def _received(place: str, held: Any, body: str, headers: Mapping[str, str]) -> Received:
    if place == "hook":
        return Received(place, held["key"], held["may_be_repeat"], held["title"], {**held, "raw": body}, headers)
    if place == "pagerduty":
        details, title = held["payload"]["custom_details"], held["payload"]["summary"]
        return Received(
            place, f"{details['key']} {held['event_action']}", details["may_be_repeat"], title, held, headers
        )
    title = held["text"].strip("*<>").rpartition("|")[2]
    # Slack has no place for a key: what it says is one.
    plain = title.removeprefix("[may be a repeat] ")
    return Received(place, plain, plain != title, title, held, headers)


@asynccontextmanager
async def http_receivers(ledger: Ledger) -> AsyncIterator[HttpReceivers]:
    """Receivers that listen within the block."""
    app = web.Application()
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    made = HttpReceivers(ledger, runner)
    app.router.add_post("/{place}", made.take)
    await runner.setup()
    try:
        await made.listen()
        yield made
    finally:
        await runner.cleanup()


class Mailbox:
    """Takes mails; `refuses` is the answer to each in place of taking it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.refuses = ""
        self.port = 0

    def server(self, security: Security = Security.NONE) -> SmtpServer:
        """How it is reached."""
        known = {} if security is Security.NONE else {"username": USER, "password": PASSWORD}
        return SmtpServer("localhost", self.port, security, "binnacle@example.com", **known)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses:
            return self.refuses
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail: Message = email.message_from_bytes(content, policy=default)
        labelled = mail["Binnacle-May-Be-Repeat"] == "true"
        entry = Received("mail", mail["Binnacle-Key"], labelled, mail["Subject"], mail, dict(mail.items()))
        self._ledger.entries.append(entry)
        return "250 taken"


def _authenticated(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    is_right = data.login == USER.encode() and data.password == PASSWORD.encode()
    # Of a refusal the server says what is usual.
    return AuthResult(success=is_right, handled=is_right)


@asynccontextmanager
async def mailbox(
    ledger: Ledger, security: Security = Security.NONE, trust: ssl.SSLContext | None = None
) -> AsyncIterator[Mailbox]:
    """A mail server that listens within the block; `trust` is what it shows, where it is to be protected."""
    made = Mailbox(ledger)
    guarded: dict[str, Any] = {}
    if security is not Security.NONE:
        guarded = {"authenticator": _authenticated, "auth_required": True}
        guarded["auth_require_tls"] = security is Security.STARTTLS
    if security is Security.STARTTLS:
        guarded |= {"tls_context": trust, "require_starttls": True}

    def serving() -> SMTP:
        with warnings.catch_warnings():
            # It does not see that the connection is protected from the start.
            warnings.simplefilter("ignore")
            return SMTP(made, hostname="localhost", enable_SMTPUTF8=True, **guarded)

    server = await asyncio.get_running_loop().create_server(
        serving,
        "127.0.0.1",
        0,
        ssl=trust if security is Security.TLS else None,
    )
    async with server:
        made.port = server.sockets[0].getsockname()[1]
        yield made
