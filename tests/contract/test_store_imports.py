"""What every store promises of imported sums: rows of one bucket add up, once, with each other and with roll-ups."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from binnacle.journal.v1 import journal_pb2
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE, RolledUp
from services.aggregator.ports.store import Store
from tests.support.journals import NOW, record, segment
from tests.support.stores import MAKERS, opened

START = int(NOW) // DAY * DAY


@pytest.fixture(
    params=["memory", pytest.param("chdb", marks=pytest.mark.store), pytest.param("server", marks=pytest.mark.store)]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(MAKERS[request.param](tmp_path / "store")) as ready:
        yield ready


def sums(*values: float, tier: int = DAY, at: float = 0.0) -> journal_pb2.Record:
    """A record with one bucket of one series, whose newest value lies `at` seconds within it."""
    made = record(tenant="acme", series=[(1, "cpu", {})])
    block = made.rollups
    block.series_ids, block.tiers = np.array([1], "<u8").tobytes(), np.array([tier], "<u4").tobytes()
    block.buckets_unix_s, block.counts = np.array([START], "<i8").tobytes(), np.array([len(values)], "<u8").tobytes()
    block.sums, block.mins = np.array([sum(values)], "<f8").tobytes(), np.array([min(values)], "<f8").tobytes()
    block.maxs, block.lasts = np.array([max(values)], "<f8").tobytes(), np.array([values[-1]], "<f8").tobytes()
    block.last_times_unix_ms = np.array([round((START + at) * 1000)], "<i8").tobytes()
    return made


async def rows(store: Store, tier: int, tenant: str = "acme") -> list[RolledUp]:
    return list(await store.rolled_up(tenant, tier, [1, 2], START, START + DAY))


async def test_parts_of_a_bucket_add_up_once(store: Store) -> None:
    for _time in range(2):
        await store.commit(segment(sums(3.0, 1.0, 7.0, at=9), sums(5.0, 2.0, at=5), sums(8.0, tier=HOUR)))
    await store.commit(segment(sums(4.0, at=7), first_offset=3))
    assert await rows(store, DAY) == [RolledUp(1, START, 6, 22.0, 1.0, 7.0, 7.0)]
    assert await rows(store, HOUR) == [RolledUp(1, START, 1, 8.0, 8.0, 8.0, 8.0)]
    assert await rows(store, MINUTE) == []
    assert await rows(store, DAY, tenant="another") == []


async def test_what_is_rolled_up_follows_what_was_imported(store: Store) -> None:
    samples = [(1, START + 10.0, 20.0), (2, START + 10.0, 5.0)]
    await store.commit(segment(sums(3.0, 1.0, tier=MINUTE, at=5), record(tenant="acme", samples=samples)))
    await store.roll_up("acme", MINUTE, [START])
    assert await rows(store, MINUTE) == [
        RolledUp(1, START, 3, 24.0, 1.0, 20.0, 20.0),
        RolledUp(2, START, 1, 5.0, 5.0, 5.0, 5.0),
    ]
