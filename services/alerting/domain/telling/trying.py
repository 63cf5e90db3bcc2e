"""What people ask of telling before they need it: does it arrive, and who would be told."""

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from services.alerting.domain.label_matching import Expressions
from services.alerting.domain.telling.parcels import Parcel, delivery, notification
from services.alerting.domain.telling.routing import Target, steps, targets, ways
from services.alerting.ports.alerts import Severity
from services.alerting.ports.incidents import Incident, IncidentState
from services.alerting.ports.notifications import (
    Answer,
    Delivery,
    Notice,
    Reason,
    Sender,
    Sending,
    Thread,
    Told,
    Verdict,
)
from services.alerting.ports.notifiers import Notifiers, Receiver, SmtpServer
from services.core.clock import Clock
from services.core.errors import Overloaded

MOST_TESTS, TESTED_WITHIN = 20, 60.0
TEST_SECONDS = 8.0
"""For how long whoever made a test is kept waiting."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """A receiver would be told so many seconds after an alert fires; the escalation is empty where a route says it."""

    after: float
    target: Target
    escalation: str = ""


def preview(
    notifiers: Notifiers, labels: Mapping[str, str], at: float, expressions: Expressions
) -> Iterator[Previewed]:
    """Who would be told of an alert of these labels that fires at a time, if nobody acknowledged it."""
    found = ways(notifiers.routes, labels, expressions)
    names = dict.fromkeys(name for way in found for name in way.tell)
    for target in targets(notifiers, names, at):
        yield Previewed(0.0, target)
    for name in dict.fromkeys(way.escalation for way in found if way.escalation):
        escalation = notifiers.escalation(name)
        for after, tell in steps(replace(escalation, repeats=0)) if escalation else ():
            for target in targets(notifiers, tell, at + after):
                yield Previewed(after, target, name)


class Probes:
    """Sends notifications that say that they are tests."""

    def __init__(self, sender: Sender, clock: Clock, public_url: str) -> None:
        self._sender = sender
        self._clock = clock
        self._public_url = public_url
        self._made: dict[str, list[float]] = {}

    async def send(self, tenant: str, receiver: Receiver, smtp: SmtpServer | None) -> Delivery:
        """Send one, and wait for what comes of it. Raises Overloaded for too many."""
        began = self._clock.now()
        recent = [at for at in self._made.get(tenant, ()) if began - at < TESTED_WITHIN]
        if len(recent) >= MOST_TESTS:
            raise Overloaded(f"at most {MOST_TESTS} tests a minute", recent[0] + TESTED_WITHIN - began)
        self._made[tenant] = [*recent, began]
        parcel = _test(receiver, began)
        sent = notification(tenant, parcel, self._public_url, began)
        try:
            async with asyncio.timeout(TEST_SECONDS):
                answer = await self._sender.send(receiver, smtp, sent, lambda: None)
        except TimeoutError:
            answer = Answer(Verdict.DOUBTFUL, f"no answer within {TEST_SECONDS:.0f} seconds")
        # Nobody tries a test again but whoever made it.
        after = {one.name: replace(one, sending=None) for one in parcel.threads}
        return delivery(parcel, sent, answer, after, began, self._clock.now())


def _test(receiver: Receiver, at: float) -> Parcel:
    key = secrets.token_hex(16)
    severity, state = Severity.INFO, IncidentState.OPEN
    incident = Incident(
        id=f"test-{key[:16]}",
        title="Binnacle reaches you",
        severity=severity,
        worst=severity,
        state=state,
        started_at=at,
        changed_at=at,
    )
    told = Told(state, severity, 0, 0, at)
    sending = Sending(key, Notice(Reason.TEST, incident), told, since=at, due=at, attempts=1)
    return Parcel(receiver, key, (Thread(incident.id, receiver.id, sending=sending),))
