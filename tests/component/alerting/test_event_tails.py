"""Events of several aggregators over one store: each is heard at once, and once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest

from services.alerting.adapters.event_tails import EventTails
from services.alerting.ports.sources import Event
from services.core.errors import Unavailable
from services.runtime.channels import open_channel
from tests.support.services import neighbour
from tests.support.tails import DrivenTails, event, registration
from tests.support.waiting import eventually

pytestmark = pytest.mark.network


class Heard:
    """What was heard so far, while it is being listened to."""

    def __init__(self, feed: AsyncGenerator[Sequence[Event], None]) -> None:
        self._feed = feed
        self.types: list[str] = []

    async def listen(self) -> None:
        async with aclosing(self._feed) as feed:
            async for events in feed:
                self.types += [one.type for one in events]

    async def until(self, *types: str) -> None:
        async def reached() -> bool:
            return len(self.types) >= len(types)

        await eventually(reached, f"{types} are heard")
        assert self.types == list(types)


@asynccontextmanager
async def listening(*tails: DrivenTails) -> AsyncIterator[tuple[Heard, asyncio.Task[None]]]:
    one, other = tails
    async with (
        neighbour(registration(one)) as first,
        neighbour(registration(other)) as second,
        open_channel(first) as channel,
        open_channel(second) as further,
    ):
        await asyncio.gather(channel.channel_ready(), further.channel_ready())
        heard = Heard(EventTails([channel, further]).watch("default"))
        task = asyncio.create_task(heard.listen())
        try:
            await both_tailed(one, other)
            yield heard, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def both_tailed(one: DrivenTails, other: DrivenTails) -> None:
    async def tailed() -> bool:
        return one.tailing == other.tailing == 1

    await eventually(tailed, "both are listened to")


async def test_events_are_heard_by_whichever_aggregator_they_come() -> None:
    one, other = DrivenTails(), DrivenTails()
    async with listening(one, other) as (heard, _task):
        one.tell(event("first", 0))
        await heard.until("first")
        other.tell(event("second", 1))
        await heard.until("first", "second")


async def test_what_a_journal_that_moves_tells_once_more_is_heard_once() -> None:
    one, other = DrivenTails(), DrivenTails()
    async with listening(one, other) as (heard, _task):
        one.tell(event("first", 0), event("second", 1))
        await heard.until("first", "second")
        other.tell(event("first", 0), event("second", 1), event("third", 2))
        await heard.until("first", "second", "third")


async def test_while_one_is_away_the_others_are_heard_and_it_is_listened_to_again() -> None:
    one, other = DrivenTails(), DrivenTails()
    async with listening(one, other) as (heard, _task):
        one.lose()
        other.tell(event("first", 0))
        await heard.until("first")
        await both_tailed(one, other)
        one.tell(event("second", 1))
        await heard.until("first", "second")


async def test_who_hears_none_any_more_is_told() -> None:
    one, other = DrivenTails(), DrivenTails()
    async with listening(one, other) as (_heard, task):
        one.lose()
        other.lose()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(asyncio.shield(task), 20)
