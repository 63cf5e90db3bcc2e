"""Sends notifications by whatever their receivers are reached."""

import ssl
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from services.alerting.adapters.senders import pagerduty, slack, webhook
from services.alerting.adapters.senders.email import Mailer
from services.alerting.ports.notifications import Answer, Notification, Stale, Verdict
from services.alerting.ports.notifiers import Email, PagerDuty, Receiver, Slack, SmtpServer, Webhook
from services.runtime.logs import Log
from services.runtime.outgoing import outgoing_session


class Senders:
    """See Sender."""

    def __init__(self, session: aiohttp.ClientSession, mailer: Mailer, log: Log) -> None:
        self.session = session
        """Calls what tenants have set up, and nothing private."""
        self._mailer = mailer
        self._log = log

    async def send(
        self, receiver: Receiver, smtp: SmtpServer | None, notification: Notification, go: Callable[[], None]
    ) -> Answer:
        try:
            return await self._send(receiver, smtp, notification, go)
        except Stale:
            raise
        except Exception as fault:
            # One receiver that is set up as nobody thought of must not end alerting, which would try it again.
            # What is said of it may hold a secret.
            reason = type(fault).__name__
            self._log.error("a notification cannot be sent", receiver=receiver.id, kind=receiver.kind, reason=reason)
            return Answer(Verdict.REFUSED, f"it cannot be sent: {reason}")

    async def _send(
        self, receiver: Receiver, smtp: SmtpServer | None, notification: Notification, go: Callable[[], None]
    ) -> Answer:
        match receiver.means:
            case Email() as email:
                if smtp is None:
                    return Answer(Verdict.REFUSED, "there is no mail server any more")
                return await self._mailer.send(smtp, email, receiver.id, notification, go)
            case Slack(webhook_url="", token="") | PagerDuty(routing_key=""):
                return Answer(Verdict.REFUSED, "its secret could not be read: set it again")
            case Slack() as means:
                return await slack.send(self.session, means, notification, go)
            case Webhook() as means:
                return await webhook.send(self.session, means, receiver.id, notification, go)
            case PagerDuty() as means:
                return await pagerduty.send(self.session, means, notification, go)


@asynccontextmanager
async def senders(allowed: Collection[str], authorities: Path | None, log: Log) -> AsyncIterator[Senders]:
    """What sends, to public addresses and to hosts that are `allowed`; `authorities` vouch for certificates too."""
    trust = ssl.create_default_context()
    if authorities is not None:
        trust.load_verify_locations(cafile=authorities)
    async with outgoing_session(allowed, trust=trust) as session:
        yield Senders(session, Mailer(allowed, trust), log)
