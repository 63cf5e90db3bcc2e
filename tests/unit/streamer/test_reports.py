"""Answers are asked for once for all, whole for who needs it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.core.errors import Unavailable
from services.streamer.domain.deliveries import Failed, Report
from services.streamer.domain.reports import MOST_CHANGES, SOONEST, ReportRoom
from services.streamer.ports import Answer
from tests.support.clock import ManualClock

INTERVAL = 5.0


class Source:
    """Answers with the token it was asked with; fails while it is away."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False
        self.always_whole = False
        self.body: object = None

    async def __call__(self, token: str) -> Answer:
        self.asked.append(token)
        if self.away:
            raise Unavailable("away")
        if self.always_whole:
            return Answer(self.body or len(self.asked))
        return Answer(self.body or len(self.asked), not token, f"token {len(self.asked)}")


class Changing:
    """Joins and tells apart, so that it can be seen; of numbers only, and not of those that are the same."""

    def joined(self, whole: object, changes: Sequence[object]) -> object:
        return (whole, *changes)

    def changed(self, former: object, now: object) -> object | None:
        return f"{former} to {now}" if isinstance(now, int) else None


class Member:
    """Takes answers, unless it is behind."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, bool]] = []
        self.failures: list[str] = []
        self.behind = False

    def report(self, report: Report) -> bool:
        if self.behind and not report.whole:
            return False
        self.seen.append((report.body, report.whole))
        return True

    def fail(self, failed: Failed) -> None:
        self.failures.append(str(failed.error))


@asynccontextmanager
async def room(source: Source, *, changes_only: bool = False) -> AsyncIterator[tuple[ReportRoom, ManualClock]]:
    clock = ManualClock()
    held = ReportRoom(source, INTERVAL, clock, Changing(), changes_only=changes_only)
    following = asyncio.create_task(held.follow())
    yield held, clock
    following.cancel()


async def test_one_question_a_tick_for_all_and_differences_after_the_first() -> None:
    source, members = Source(), [Member(), Member()]
    async with room(source) as (held, clock):
        for member in members:
            held.enter(member)
        await clock.advance(INTERVAL)
        assert source.asked == ["", "token 1"]
        assert members[0].seen == members[1].seen == [(1, True), (2, False)]


async def test_who_comes_later_is_told_at_once_what_was_told_so_far_and_nothing_is_asked_for_it() -> None:
    source, first, late, later = Source(), Member(), Member(), Member()
    async with room(source) as (held, clock):
        held.enter(first)
        await clock.advance(2 * INTERVAL)
        held.enter(late)
        assert late.seen == [((1, 2, 3), True)]
        await clock.advance(INTERVAL)
        held.enter(later)
        assert late.seen[-1] == first.seen[-1] == (4, False)
        assert later.seen == [(((1, 2, 3), 4), True)]
        assert source.asked == ["", "token 1", "token 2", "token 3"]


async def test_changes_are_not_kept_for_ever() -> None:
    source, first, late = Source(), Member(), Member()
    async with room(source) as (held, clock):
        held.enter(first)
        for _turn in range(MOST_CHANGES + 1):
            await clock.advance(INTERVAL)
        held.enter(late)
        [(body, _whole)] = late.seen
        assert isinstance(body, tuple)
        assert (len(body), len(body[0])) == (2, 1 + MOST_CHANGES)


async def test_who_comes_while_nothing_can_be_asked_is_told_once_it_can() -> None:
    source, first, late = Source(), Member(), Member()
    async with room(source) as (held, clock):
        held.enter(first)
        source.away = True
        await clock.advance(INTERVAL)
        held.enter(late)
        assert late.seen == []
        source.away = False
        await clock.advance(INTERVAL)
        assert late.seen[-1][1] is True


async def test_who_lags_is_given_a_whole_answer_soon() -> None:
    source, first = Source(), Member()
    async with room(source) as (held, clock):
        held.enter(first)
        await clock.advance(INTERVAL)
        first.behind = True
        await clock.advance(INTERVAL + SOONEST)
        assert first.seen[-1][1] is True


async def test_of_what_is_always_answered_whole_changes_are_told() -> None:
    source, first, late = Source(), Member(), Member()
    source.always_whole = True
    async with room(source) as (held, clock):
        held.enter(first)
        await clock.advance(INTERVAL)
        held.enter(late)
        await clock.advance(INTERVAL)
        assert first.seen == [(1, True), ("1 to 2", False), ("2 to 3", False)]
        assert late.seen == [(2, True), ("2 to 3", False)]


async def test_what_cannot_be_told_as_a_change_is_told_whole() -> None:
    source, member = Source(), Member()
    source.always_whole = True
    async with room(source) as (held, clock):
        held.enter(member)
        await clock.advance(0)
        source.body = "another"
        await clock.advance(INTERVAL)
        assert member.seen == [(1, True), ("another", True)]


async def test_who_lags_behind_whole_answers_is_given_the_newest_at_once() -> None:
    source, member = Source(), Member()
    source.always_whole = True
    async with room(source) as (held, clock):
        held.enter(member)
        member.behind = True
        await clock.advance(INTERVAL)
        assert member.seen == [(1, True), (2, True)]
        member.behind = False
        await clock.advance(INTERVAL)
        assert member.seen[-1] == ("2 to 3", False)
        assert source.asked == [""] * 3


async def test_a_whole_answer_is_no_change_of_one_that_told_changes_itself_or_of_one_before_a_failure() -> None:
    source, member = Source(), Member()
    async with room(source) as (held, clock):
        held.enter(member)
        await clock.advance(INTERVAL)
        source.always_whole = True
        await clock.advance(INTERVAL)
        assert member.seen[1:] == [(2, False), (3, True)]
        source.away = True
        await clock.advance(INTERVAL)
        source.away = False
        await clock.advance(INTERVAL)
        assert member.seen[-1] == (5, True)


async def test_a_failure_is_told_once_and_a_whole_answer_follows() -> None:
    source, member = Source(), Member()
    async with room(source) as (held, clock):
        held.enter(member)
        await clock.advance(0)
        source.away = True
        await clock.advance(3 * INTERVAL)
        assert member.failures == ["away"]
        source.away = False
        await clock.advance(INTERVAL)
        assert member.seen[-1][1] is True


async def test_what_is_told_on_change_alone_is_not_told_again() -> None:
    source, member = Source(), Member()
    source.body = "same"
    async with room(source, changes_only=True) as (held, clock):
        held.enter(member)
        await clock.advance(3 * INTERVAL)
        assert member.seen == [("same", True)]
