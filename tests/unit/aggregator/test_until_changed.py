"""What is kept until it changes is asked for once, and never told after a change."""

import asyncio
from contextlib import suppress

from services.aggregator.adapters.clickhouse.engine.until_changed import UntilChanged


class Written:
    """Something that is written, and asked for."""

    def __init__(self) -> None:
        self.value = 0
        self.asked = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def ask(self) -> int:
        """The value when the question came."""
        self.asked += 1
        found = self.value
        await self.go_on.wait()
        return found


async def test_it_is_asked_once_until_it_changes() -> None:
    written, known = Written(), UntilChanged[str, int](lambda: False)
    assert [await known.of("a", written.ask) for _call in range(3)] == [0, 0, 0]
    assert written.asked == 1
    with known.changing():
        written.value = 1
    assert [await known.of("a", written.ask), await known.of("b", written.ask)] == [1, 1]
    assert written.asked == 3


async def test_what_was_asked_before_a_change_is_not_kept() -> None:
    written, known = Written(), UntilChanged[str, int](lambda: False)
    written.go_on.clear()
    early = asyncio.create_task(known.of("a", written.ask))
    await asyncio.sleep(0)
    with known.changing():
        written.value = 1
    written.go_on.set()
    assert await early == 0
    assert await known.of("a", written.ask) == 1


async def test_a_change_that_failed_may_have_been_made() -> None:
    written, known = Written(), UntilChanged[str, int](lambda: False)
    await known.of("a", written.ask)
    with suppress(OSError), known.changing():
        written.value = 1
        raise OSError
    assert await known.of("a", written.ask) == 1


async def test_of_what_others_write_nothing_is_kept() -> None:
    written, known = Written(), UntilChanged[str, int](lambda: True)
    await known.of("a", written.ask)
    written.value = 1
    assert await known.of("a", written.ask) == 1
