"""Killed anywhere between the inserts of a segment: after the replay everything is there once."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from services.aggregator.adapters.memory_store import MemoryStore
from services.aggregator.domain.intake.claims import Claims
from services.aggregator.domain.intake.intake import Intake
from services.aggregator.domain.live.live import Live, history_bounds
from services.aggregator.domain.live.overview import OverviewState
from services.aggregator.ports.store import EventFilter, IntakeCounts, Segment, Store
from tests.component.aggregator.everything import TABLES, everything, named_everything
from tests.support.clock import ManualClock
from tests.support.empty_store import lay_empty_store
from tests.support.journals import JOURNAL, NOW
from tests.support.stores import chdb_store, opened
from tests.unit.aggregator.observers import SilentObserver

pytestmark = [pytest.mark.store, pytest.mark.slow]
TENANTS = ("default", "other")
ANOTHER = "00000000000000bb"
DAY_US = 86_400_000_000


async def killed_after(inserts: int, path: Path, *options: str) -> None:
    lay_empty_store(path)
    script = "tests.component.aggregator.crashing_writer"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", script, str(path), str(inserts), *options)
    assert await process.wait() == -signal.SIGKILL


async def resumed(store: Store) -> Intake:
    clock, observer = ManualClock(NOW), SilentObserver()
    claims = Claims(clock, observer)
    claims.restore(await store.claims(DAY_US, 1_000))
    intake = Intake(store, Live(clock, observer), claims, clock, observer)
    intake.resume(await intake.live.rebuild(store))
    return intake


async def replay(intake: Intake, whole: Segment | None = None, journal_id: str = JOURNAL) -> None:
    """What a collector does that has heard of no commit."""
    whole = whole or everything()
    stream = intake.open(journal_id)
    stream.take(0, len(whole.records), [each for each in whole.records if each.offset >= stream.wanted_from])
    stream.seal(whole.from_offset, whole.to_offset)
    stream.end()
    async for _offset in stream.commits():
        pass


async def picture(store: Store) -> dict[str, tuple[IntakeCounts, float]]:
    """What is stored: rows, and requests counted."""
    return {
        tenant: (
            await store.intake_counts(tenant),
            float((await store.live_history(tenant, history_bounds(NOW))).signals.requests.sum()),
        )
        for tenant in TENANTS
    }


def shown(intake: Intake) -> dict[str, OverviewState]:
    return {tenant: intake.live.state(tenant) for tenant in TENANTS}


@pytest.mark.parametrize("inserts", range(len(TABLES) + 1))
async def test_killed_between_any_two_inserts_nothing_is_missing_or_doubled(inserts: int, tmp_path: Path) -> None:
    async with opened(MemoryStore()) as steady:
        expected = await resumed(steady)
        await replay(expected)
        expected_picture = await picture(steady)
    await killed_after(inserts, tmp_path / "store")
    async with opened(chdb_store(tmp_path / "store")) as store:
        intake = await resumed(store)
        # Counted on from now, whatever of the segment is there.
        for tenant in TENANTS:
            await store.count_events(tenant, EventFilter())
        await replay(intake)
        assert await picture(store) == expected_picture
        for tenant, (counts, _requests) in expected_picture.items():
            assert await store.count_events(tenant, EventFilter()) == counts.events
        assert shown(intake) == shown(expected)
        assert shown(await resumed(store)) == shown(expected)


@pytest.mark.parametrize("inserts", [1, 2, 4, len(TABLES)])
async def test_killed_after_the_claims_another_journal_cannot_take_them(inserts: int, tmp_path: Path) -> None:
    async with opened(MemoryStore()) as steady:
        await replay(await resumed(steady))
        expected = await picture(steady)
    await killed_after(inserts, tmp_path / "store", "named")
    async with opened(chdb_store(tmp_path / "store")) as store:
        intake = await resumed(store)
        await replay(intake, named_everything(), ANOTHER)
        await replay(intake, named_everything())
        assert await picture(store) == expected
