"""Receivers around alerting: what they are told ends in a ledger."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.alerting.ports.notifiers import Email, Notifiers, Receiver, Route
from services.alerting.ports.rules import Rule, Threshold
from services.core.questions import Expression, Grouping, Selection
from tests.component.alerting.scene import Scene
from tests.support.alerts import rule
from tests.support.receivers import HttpReceivers, Ledger, Mailbox, Received, http_receivers, mailbox
from tests.support.waiting import eventually

MAIL = Receiver("mail", Email(("ann@example.com", "bob@example.com")))
BAD, GOOD = 95.0, 50.0


def subject(name: str) -> Rule:
    """A rule about a metric and a service of its own, so that its alert is an incident of its own."""
    selection = Selection(name, window=10.0, grouping=Grouping(by=("service",)))
    return rule(name, condition=Threshold((Expression("a", selection),)), interval=1.0, grace=0.0)


@dataclass(slots=True)
class Telling:
    """Alerting's receivers, and what they are told."""

    scene: Scene
    ledger: Ledger
    http: HttpReceivers
    mail: Mailbox

    def tells(self, *receivers: Receiver, **changes: object) -> None:
        """These are told of every alert."""
        routes = (Route(tell=tuple(one.id for one in receivers)),)
        made = {"receivers": receivers, "routes": routes, "smtp": self.mail.server(), **changes}
        self.scene.access.notifiers = Notifiers(**made)  # type: ignore[arg-type]

    def about(self, *names: str) -> None:
        """Each of these can fire."""
        self.scene.access.rules = [subject(name) for name in names]

    def say(self, **values: float) -> None:
        """How it is with each of them from now on."""
        self.scene.series.others |= {name: {name: value} for name, value in values.items()}

    async def arrives(self, titles: Mapping[str, list[str]], within: float = 30.0) -> None:
        """Wait until these titles, and no others, have arrived at places."""

        async def arrived() -> bool:
            return all(self.ledger.titles(place) == expected for place, expected in titles.items())

        try:
            await eventually(arrived, "notifications", within)
        except AssertionError:
            assert {place: self.ledger.titles(place) for place in titles} == titles
            raise

    async def has(self, condition: Callable[[list[Received]], bool], what: str, within: float = 30.0) -> None:
        """Wait until the ledger is so."""

        async def is_so() -> bool:
            return condition(self.ledger.entries)

        await eventually(is_so, f"{what}: {[(one.place, one.title) for one in self.ledger.entries]}", within)

    async def recorded(self, *outcomes: str) -> None:
        """Wait until attempts with these outcomes are recorded, in order."""

        async def written() -> bool:
            events = self.scene.intake.of("notification")
            return [str(event.data["outcome"]) for event in events] == list(outcomes)

        await eventually(written, f"attempts recorded: {outcomes}", within=30)


@asynccontextmanager
async def telling(scene: Scene) -> AsyncIterator[Telling]:
    """Receivers of every kind within the block."""
    ledger = Ledger()
    async with http_receivers(ledger) as http, mailbox(ledger) as mail:
        made = Telling(scene, ledger, http, mail)
        made.tells(*http.all, MAIL)
        yield made
