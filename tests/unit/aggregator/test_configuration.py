"""What is configured is what the newest records say, from wherever they are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, strategies as st

from services.core.configuration import Change, Configuration
from services.core.errors import BinnacleError, DeadlineExceeded, Overloaded, Unavailable
from services.core.records import AuditRecord
from tests.support.audit import MemoryHot, MemoryLog
from tests.support.clock import ManualClock


def record(identity: str, revision: int, payload: str = "{}") -> AuditRecord:
    return AuditRecord(revision, "acme", "rule", identity, revision, "update", payload=payload)


@asynccontextmanager
async def running(configuration: Configuration) -> AsyncIterator[None]:
    task = asyncio.create_task(configuration.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def known(configuration: Configuration) -> dict[str, int]:
    try:
        return {identity: one.revision for (_tenant, identity), one in configuration.of("rule").items()}
    except Unavailable:
        return {}


class World:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.log, self.hot = MemoryLog(), MemoryHot()

    def configuration(self) -> Configuration:
        return Configuration(self.log, self.log, self.hot, self.clock)

    async def later(self) -> None:
        """After every loop has looked twice, at the log too."""
        await self.clock.advance(21.0)


async def test_a_hot_copy_that_is_empty_is_filled_from_the_log() -> None:
    world = World()
    world.log.records = [record("a", 1), record("a", 3), record("b", 2)]
    async with running(world.configuration()):
        await world.later()
        assert world.hot.whole
        assert sorted(one.revision for one in world.hot.held.values()) == [2, 3]
        world.hot.empty()
        await world.later()
        assert world.hot.whole
        assert sorted(one.revision for one in world.hot.held.values()) == [2, 3]


async def test_a_change_is_recorded_before_it_holds_and_copied_after() -> None:
    world = World()
    configuration = world.configuration()
    async with running(configuration):
        await world.later()
        assert world.hot.whole
        await configuration.change("rule", "acme", "a", "create", {"above": 5})
        world.log.away = True
        with pytest.raises(Unavailable):
            await configuration.change("rule", "acme", "a", "update", {"above": 6})
        [held] = configuration.of("rule").values()
        assert json.loads(held.payload) == {"above": 5}
        assert held.subject == "somebody"
        assert list(world.hot.held.values()) == [held]


async def test_several_changes_are_recorded_together_or_not_at_all() -> None:
    world = World()
    configuration = world.configuration()
    changes = [Change("a", "create", {"above": 5}), Change("b", "create", {"above": 6})]
    async with running(configuration):
        await world.later()
        world.log.away = True
        with pytest.raises(Unavailable):
            await configuration.change_all("rule", "acme", changes)
        assert not known(configuration)
        world.log.away = False
        await configuration.change_all("rule", "acme", changes)
        await configuration.change_all("rule", "acme", [])
    assert set(known(configuration)) == {"a", "b"}
    assert len(world.log.records) == len(changes)


async def test_a_revision_rises_also_where_another_clock_was_ahead() -> None:
    world = World()
    ahead = int(world.clock.now() * 1e6) + 3_600_000_000
    world.log.records = [record("a", ahead)]
    configuration = world.configuration()
    async with running(configuration):
        await world.later()
        assert known(configuration)
        await configuration.change("rule", "acme", "a", "update", {})
    assert known(configuration) == {"a": ahead + 1}


async def test_what_another_process_configures_is_known_from_the_copy() -> None:
    world = World()
    mine, other = world.configuration(), world.configuration()
    async with running(mine), running(other):
        await world.later()
        assert world.hot.whole
        assert other._known
        await other.change("rule", "acme", "a", "create", {})
        await world.later()
        assert known(mine)


async def test_a_copy_that_was_away_learns_of_what_happened_meanwhile() -> None:
    world = World()
    configuration = world.configuration()
    async with running(configuration):
        await world.later()
        assert world.hot.whole
        world.hot.away = True
        await configuration.change("rule", "acme", "a", "create", {})
        assert not world.hot.held
        world.hot.away = False
        await world.later()
        assert world.hot.held


async def test_what_is_stored_by_whomever_is_known() -> None:
    world = World()
    configuration = world.configuration()
    async with running(configuration):
        await world.later()
        assert world.hot.whole
        configuration.arrived([record("a", 7), AuditRecord(1, "acme", "export", "", 0, "export")])
        await world.later()
        assert known(configuration) == {"a": 7}
        await world.later()
        assert len(world.hot.held) == 1
        assert not configuration.of("export")


async def test_that_nothing_is_configured_is_told_once_it_is_known() -> None:
    world = World()
    configuration, told = world.configuration(), list[object]()
    configuration.listeners.append(lambda: told.append(configuration.of("rule")))
    async with running(configuration):
        await world.later()
    assert told == [{}]


@pytest.mark.parametrize("failure", [Unavailable("away"), DeadlineExceeded("late"), Overloaded("busy", 1.0)])
async def test_a_store_that_does_not_answer_is_asked_again(failure: BinnacleError) -> None:
    world = World()
    world.log.records = [record("a", 1)]
    configuration, newest = world.configuration(), world.log.newest
    failures = [failure]

    async def told() -> Sequence[AuditRecord]:
        if failures:
            raise failures.pop()
        return await newest()

    world.log.newest = told  # type: ignore[method-assign]
    async with running(configuration):
        await world.later()
        assert known(configuration) == {"a": 1}


async def test_nothing_is_told_before_the_log_was_read() -> None:
    world = World()
    configuration = world.configuration()
    with pytest.raises(Unavailable):
        configuration.of("rule")
    with pytest.raises(Unavailable):
        await configuration.change("rule", "acme", "a", "create", {})


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 50)), max_size=20), st.randoms())
def test_the_order_in_which_records_are_learnt_does_not_matter(told: list[tuple[str, int]], random: object) -> None:
    records = [record(identity, revision) for identity, revision in dict.fromkeys(told)]
    highest = {identity: max(number for name, number in told if name == identity) for identity, _number in told}

    async def learnt(order: list[AuditRecord]) -> dict[str, int]:
        log = MemoryLog(order)
        configuration = Configuration(log, log, None, ManualClock())
        await configuration._look()
        configuration.arrived(reversed(order))
        await configuration._look()
        return known(configuration)

    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert asyncio.run(learnt(records)) == asyncio.run(learnt(shuffled)) == highest
