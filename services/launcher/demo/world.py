"""The made-up world as one thing: give it a moment, it tells what happened until then."""

from random import Random

from services.launcher.demo.background import Background
from services.launcher.demo.fleet import Fleet
from services.launcher.demo.happenings import Happening
from services.launcher.demo.incidents import Incident
from services.launcher.demo.logbook import Logbook
from services.launcher.demo.stage import Stage
from services.launcher.demo.stories import Stories
from services.launcher.demo.traffic import Traffic
from services.launcher.demo.visitors import Visitors


class World:
    """The same start, rate and seed give the same happenings, in whatever steps time moves."""

    def __init__(self, start: float, rate: float, rng: Random) -> None:
        self._stage = stage = Stage(start, rate, rng)
        logbook = Logbook(stage)
        Traffic(stage, Visitors(stage), Stories(stage), logbook)
        Fleet(stage, logbook)
        Background(stage)

    @property
    def incident(self) -> Incident | None:
        """The trouble under way."""
        return self._stage.incident

    def advance(self, now: float) -> list[Happening]:
        """All that happened since the last call, up to `now`, in order."""
        self._stage.timeline.advance(now)
        told, self._stage.told = self._stage.told, []
        return told
