"""Mail over SMTP."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPResponseException

from services.alerting.ports.notifications import Answer, Notification, Verdict
from services.alerting.ports.notifiers import Email, Security, SmtpServer
from services.runtime.outgoing import Refused, outgoing_socket

ATTEMPT_SECONDS = 30.0
LONGEST_SAID = 200


class Mailer:
    """Sends mails; see services.runtime.outgoing for what is `allowed`. `trust` judges certificates."""

    def __init__(self, allowed: Collection[str], trust: ssl.SSLContext) -> None:
        self._allowed = allowed
        self._trust = trust

    async def send(
        self, smtp: SmtpServer, email: Email, receiver_id: str, told: Notification, go: Callable[[], None]
    ) -> Answer:
        """Send a notification by mail. Raises Stale where `go` does."""
        message = mail(smtp.sender, email.to, receiver_id, told).as_bytes(policy=SMTP)
        left = False

        def leave() -> None:
            nonlocal left
            go()
            left = True

        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                connection = await outgoing_socket(smtp.host, smtp.port, self._allowed)
                return await self._over(connection, smtp, email.to, message, leave)
        except SMTPResponseException as answer:
            # Whoever answers that it has failed has not taken it.
            verdict = Verdict.REFUSED if answer.code >= 500 else Verdict.FAILED
            return Answer(verdict, _short(answer.message), answer.code)
        except Refused as refused:
            return Answer(Verdict.REFUSED, f"{refused.strerror}; see BINNACLE_OUTGOING_HOSTS")
        except TimeoutError:
            said_nothing = f"no answer within {ATTEMPT_SECONDS:.0f} seconds"
            return Answer(Verdict.DOUBTFUL if left else Verdict.FAILED, said_nothing)
        except (SMTPException, OSError, ValueError) as fault:
            said = f"{smtp.host}:{smtp.port}: {getattr(fault, 'strerror', None) or fault}"
            return Answer(Verdict.DOUBTFUL if left else Verdict.FAILED, _short(said))

    async def _over(
        self,
        sock: socket.socket,
        smtp: SmtpServer,
        to: Collection[str],
        message: bytes,
        leave: Callable[[], None],
    ) -> Answer:
        client = aiosmtplib.SMTP(
            hostname=smtp.host,
            sock=sock,
            use_tls=smtp.security is Security.TLS,
            start_tls=smtp.security is Security.STARTTLS,
            tls_context=self._trust,
            timeout=ATTEMPT_SECONDS,
            local_hostname="binnacle",
        )
        try:
            await client.connect()
            if smtp.username:
                await client.login(smtp.username, smtp.password)
            await client.mail(smtp.sender)
            refused = [one for one in [await _recipient(client, address) for address in to] if one is not None]
            if len(refused) == len(to):
                raise refused[0]
            leave()
            said = await client.data(message)
            detail = "; ".join(f"not to {one.recipient}: {one.message}" for one in refused)
            return Answer(Verdict.DELIVERED, _short(detail or said.message), said.code)
        finally:
            transport = client.transport
            client.close()
            if isinstance(transport, asyncio.WriteTransport):
                # Nothing is left to be said; over TLS a farewell would be waited for.
                transport.abort()
            else:
                sock.close()


async def _recipient(client: aiosmtplib.SMTP, address: str) -> aiosmtplib.SMTPRecipientRefused | None:
    """Name a recipient; gives why they are refused."""
    try:
        await client.rcpt(address)
    except aiosmtplib.SMTPRecipientRefused as refused:
        return refused
    return None


def mail(sender: str, to: Collection[str], receiver_id: str, told: Notification) -> EmailMessage:
    """A mail; those about one incident are one conversation."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage()
    message["Subject"] = told.title
    message["From"] = Address("Binnacle", addr_spec=sender)
    message["To"] = ", ".join(to)
    message["Date"] = format_datetime(datetime.fromtimestamp(told.at, UTC))
    message["Message-ID"] = f"<{told.key}@{domain}>"
    if len(told.notices) == 1:
        first = f"<{told.notices[0].incident.id}.{receiver_id}@{domain}>"
        message["In-Reply-To"], message["References"] = first, first
    message["Auto-Submitted"] = "auto-generated"
    message["Binnacle-Key"] = told.key
    if told.may_be_repeat:
        message["Binnacle-May-Be-Repeat"] = "true"
    message.set_content(told.text)
    return message


def _short(said: str) -> str:
    return " ".join(said.split())[:LONGEST_SAID]
