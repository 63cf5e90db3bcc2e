"""The test clock wakes sleepers at their own times."""

import asyncio

from tests.support.clock import ManualClock


async def test_sleepers_wake_in_order() -> None:
    clock = ManualClock(0.0)
    seen: list[tuple[str, float]] = []

    async def wait(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        seen.append((name, clock.now()))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wait("late", 2.0))
        tasks.create_task(wait("early", 1.0))
        await clock.advance(3.0)
    assert seen == [("early", 1.0), ("late", 2.0)]
    assert clock.now() == 3.0
