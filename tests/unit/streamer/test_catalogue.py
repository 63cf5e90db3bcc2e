"""What a tenant has sent is known to who asks again, and is not left to grow old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.core.errors import Unavailable
from services.streamer.adapters.catalogue import FRESH_SECONDS, KeptCatalogue
from services.streamer.ports.catalogue import Known
from tests.support.clock import ManualClock


class Asked:
    """Tells how often it was asked, or fails."""

    interval = FRESH_SECONDS

    def __init__(self) -> None:
        self.tenants: list[str] = []
        self.failure: Unavailable | None = None

    async def ask(self, tenant: str) -> Known:
        if self.failure is not None:
            raise self.failure
        self.tenants.append(tenant)
        return Known({}, {}, (str(len(self.tenants)),))


@asynccontextmanager
async def catalogue(clock: ManualClock, asked: Asked) -> AsyncIterator[KeptCatalogue]:
    class End(Exception):
        pass

    try:
        async with asyncio.TaskGroup() as tasks:
            yield KeptCatalogue(asked, clock, tasks)
            raise End
    except* End:
        pass


async def test_who_asks_again_is_told_at_once_what_is_seconds_old() -> None:
    clock, asked = ManualClock(), Asked()
    async with catalogue(clock, asked) as known:
        for expected in ("1", "1", "2", "3"):
            # Nothing moves the clock here: an answer that had to be waited for would never come.
            assert (await known.known("a")).event_types == (expected,)
            await clock.advance(FRESH_SECONDS * 0.75)
        assert set(asked.tenants) == {"a"}
        await known.known("b")
        assert asked.tenants[-1] == "b"


async def test_what_is_not_known_is_an_error() -> None:
    asked = Asked()
    asked.failure = Unavailable("the store does not answer")
    async with catalogue(ManualClock(), asked) as known:
        with pytest.raises(Unavailable, match="the store does not answer"):
            await known.known("a")
