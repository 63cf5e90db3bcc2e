"""Whatever order samples come in, whatever is repeated or killed: roll-ups are what a recomputation gives."""

import random
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.domain.intake.rollups import RollUps, disturbed_minutes
from services.aggregator.ports.rollups import DAY, HOUR, TIERS
from services.core.clock import SystemClock
from tests.component.aggregator.mortal_engine import Killed, MortalEngine
from tests.contract.test_rollups import recomputed
from tests.support.clock import ManualClock
from tests.support.journals import NOW, Sample, record, segment
from tests.support.stores import LOG

pytestmark = [pytest.mark.store, pytest.mark.slow]
START = int(NOW) // DAY * DAY


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_order_repetition_and_death_each_row_equals_a_recomputation(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    engine = MortalEngine(tmp_path / "store")
    clock = ManualClock(START + 3 * HOUR)
    samples: list[Sample] = []
    committed_to = 0

    def store() -> ClickHouseStore:
        return ClickHouseStore(lambda: engine, SystemClock(), LOG)

    async def life(deaths: int | None) -> None:
        """One process: take the segments not committed, roll up, and die after so many inserts."""
        nonlocal committed_to
        one = store()
        await one.open()
        work = RollUps(one, clock)
        await work.resume()
        engine.left = deaths
        for number in range(committed_to, len(segments)):
            await one.commit(segments[number])
            work.disturb(disturbed_minutes(segments[number].records))
            committed_to = number + 1
            if rng.random() < 0.5:
                await clock.advance(60.0)
                await work.round()
        for _tier in TIERS:
            await clock.advance(DAY)
            await work.round()

    segments = []
    for number in range(8):
        part = [
            (rng.randrange(3), START + rng.randrange(3 * HOUR) + len(samples) / 1e3, rng.uniform(-5, 5))
            for _ in range(20)
        ]
        samples += part
        segments.append(segment(record(samples=part), first_offset=number))
    for _death in range(6):
        try:
            await life(rng.randrange(1, 25))
        except Killed:
            committed_to = max(0, committed_to - rng.randrange(2))
        engine.revive()
    await life(None)
    last = store()
    await last.open()
    for tier in TIERS:
        rows = await last.rolled_up("default", tier, range(3), START, START + DAY)
        assert list(rows) == recomputed(samples, tier)
    await last.close()
