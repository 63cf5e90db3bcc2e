"""Answers that are asked for again and again, once for everybody who wants the same."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from services.core.clock import Clock
from services.core.errors import BinnacleError
from services.streamer.domain.deliveries import Failed, Report
from services.streamer.ports import Answer

SOONEST = 0.25


class ReportMember(Protocol):
    """Whoever is told answers."""

    def report(self, report: Report) -> bool:
        """Take an answer; false when it needs a whole one first."""
        ...

    def fail(self, failed: Failed) -> None:
        """Learn why there is none."""
        ...


class ReportRoom:
    """Asks every `interval` seconds, at once when somebody needs a whole answer, for what changed otherwise.

    `ask` takes what the answer before gave to go on from, or an empty text.
    """

    def __init__(
        self, ask: Callable[[str], Awaitable[Answer]], interval: float, clock: Clock, *, changes_only: bool = False
    ) -> None:
        self._ask = ask
        self._interval = interval
        self._clock = clock
        self._changes_only = changes_only
        self._members: set[ReportMember] = set()
        self._behind: set[ReportMember] = set()
        self._newest: Report | None = None
        self._problem = ""

    def enter(self, member: ReportMember) -> None:
        """Add a member, who gets a whole answer first."""
        self._members.add(member)
        if self._newest is None or not self._newest.whole or not member.report(self._newest):
            self._behind.add(member)

    def leave(self, member: ReportMember) -> None:
        """Remove a member."""
        self._members.discard(member)
        self._behind.discard(member)

    async def follow(self) -> None:
        """Ask for ever."""
        token = ""
        while True:
            try:
                answer = await self._ask("" if self._behind else token)
            except BinnacleError as error:
                token = ""
                self._fail(error)
            else:
                token = answer.token
                self._tell(answer)
            await self._pause()

    def _tell(self, answer: Answer) -> None:
        same = self._newest is not None and answer.body == self._newest.body
        if not (same and self._newest is not None):
            self._newest = Report(answer.body, answer.whole)
        self._problem = ""
        for member in list(self._members):
            if member in self._behind:
                if answer.whole and member.report(self._newest):
                    self._behind.discard(member)
            elif not (same and self._changes_only) and not member.report(self._newest):
                self._behind.add(member)

    def _fail(self, error: BinnacleError) -> None:
        if str(error) != self._problem:
            self._problem = str(error)
            failed = Failed(error)
            for member in list(self._members):
                member.fail(failed)

    async def _pause(self) -> None:
        waited = 0.0
        while waited < self._interval:
            step = min(SOONEST, self._interval - waited)
            await self._clock.sleep(step)
            waited += step
            if self._behind and not self._problem:
                return
