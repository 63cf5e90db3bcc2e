"""Answers that are asked for again and again, once for everybody who wants the same."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from services.core.clock import Clock
from services.core.errors import BinnacleError
from services.streamer.domain.deliveries import Failed, Report
from services.streamer.ports import Answer

SOONEST = 0.25
MOST_CHANGES = 60


class Changes(Protocol):
    """Whoever knows what changes of answers are."""

    def joined(self, whole: object, changes: Sequence[object]) -> object:
        """A whole answer of one and the changes after it, which are one at least."""
        ...

    def changed(self, former: object, now: object) -> object | None:
        """A whole answer as a change of another; None where it takes no less."""
        ...


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

    `ask` takes what the answer before gave to go on from, or an empty text. An answer that comes whole all the same is
    told as a change to everybody who has the one before it. Who comes later is told at once what was told so far,
    joined: a dashboard that others look at opens without a question.
    """

    def __init__(
        self,
        ask: Callable[[str], Awaitable[Answer]],
        interval: float,
        clock: Clock,
        changing: Changes,
        *,
        changes_only: bool = False,
    ) -> None:
        self._changing = changing
        self._whole: object = None
        self._changes: list[object] = []
        self._last_whole: Report | None = None
        self._ask = ask
        self._interval = interval
        self._clock = clock
        self._changes_only = changes_only
        self._members: set[ReportMember] = set()
        self._behind: set[ReportMember] = set()
        self._newest: Report | None = None
        self._joined: Report | None = None
        self._problem = ""

    def enter(self, member: ReportMember) -> None:
        """Add a member, who gets a whole answer first."""
        self._members.add(member)
        standing = self._standing()
        if standing is None or not member.report(standing):
            self._behind.add(member)

    def _standing(self) -> Report | None:
        """The whole answer as it stands, made once for all who come before the next."""
        if self._changes:
            self._whole, self._changes = self._changing.joined(self._whole, self._changes), []
            self._joined = Report(self._whole)
        return self._joined

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
                self._joined, self._last_whole, self._changes = None, None, []
                self._fail(error)
            else:
                token = answer.token
                self._tell(answer)
            await self._pause()

    def _tell(self, answer: Answer) -> None:
        same = self._newest is not None and answer.body == self._newest.body
        if not (same and self._newest is not None):
            self._newest = Report(answer.body, answer.whole)
        newest = self._newest
        change = None if same else self._change(newest)
        self._keep(newest)
        self._problem = ""
        for member in list(self._members):
            if member in self._behind:
                if newest.whole and member.report(newest):
                    self._behind.discard(member)
            elif not (same and self._changes_only) and not _told(member, newest, change):
                self._behind.add(member)

    def _change(self, newest: Report) -> Report | None:
        """A whole answer as a change of the one that was told before it, if it was whole too."""
        former, self._last_whole = self._last_whole, newest if newest.whole else None
        if former is None or not newest.whole:
            return None
        change = self._changing.changed(former.body, newest.body)
        return None if change is None else Report(change, whole=False)

    def _keep(self, told: Report) -> None:
        if told.whole:
            self._whole, self._changes, self._joined = told.body, [], told
        elif self._joined is not None:
            self._changes.append(told.body)
            if len(self._changes) >= MOST_CHANGES:
                self._standing()

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


def _told(member: ReportMember, newest: Report, change: Report | None) -> bool:
    """Whether a member that is not behind took the newest answer; one that lags is given it whole where it is."""
    if change is not None and member.report(change):
        return True
    return member.report(newest)
