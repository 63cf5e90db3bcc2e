"""People: sessions that begin, do things and end."""

from dataclasses import dataclass

from services.launcher.demo.catalogue import BROWSERS, COUNTRIES, CURRENCIES, DEVICES, REFERRERS
from services.launcher.demo.happenings import Event
from services.launcher.demo.rhythm import busyness
from services.launcher.demo.stage import Stage

PEOPLE = 4_000
VISIT_SECONDS = 240.0
AT_ONCE_PER_RATE = 3.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """One session of one person."""

    user_id: str
    session_id: str
    country: str
    currency: str


class Visitors:
    """The sessions under way; about three for each request a second, so that each does something every few seconds."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._count = 0
        self._present = [self._arrive(stage.start) for _ in range(self._wanted(stage.start))]
        stage.timeline.at(stage.start + 1.0, self._change)

    def someone(self) -> Visitor:
        """A visitor who does something now."""
        return self._stage.rng.choice(self._present)

    def _wanted(self, time: float) -> int:
        return max(1, round(self._stage.rate * AT_ONCE_PER_RATE * busyness(time)))

    def _arrive(self, time: float) -> Visitor:
        rng = self._stage.rng
        self._count += 1
        visitor = Visitor(
            user_id=f"user-{rng.randrange(PEOPLE):04d}",
            session_id=f"s-{int(self._stage.start):x}-{self._count:06x}",
            country=rng.choice(COUNTRIES),
            currency=rng.choice(CURRENCIES),
        )
        facts = {"country": visitor.country, "device": rng.choice(DEVICES), "browser": rng.choice(BROWSERS)}
        known = {**facts, "referrer": rng.choice(REFERRERS)}
        self._stage.tell(Event(time, "session_start", "frontend", known, visitor.user_id, visitor.session_id))
        return visitor

    def _change(self, time: float) -> None:
        """Each second some leave and others come."""
        rng, leaving = self._stage.rng, 1.0 / VISIT_SECONDS
        self._present = [visitor for visitor in self._present if rng.random() > leaving]
        while len(self._present) < self._wanted(time):
            self._present.append(self._arrive(time))
        self._stage.timeline.at(time + 1.0, self._change)
