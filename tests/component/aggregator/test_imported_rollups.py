"""Sums of imported samples in a real store: rows of one bucket add up, and a segment counts once."""

from pathlib import Path

import numpy as np
import pytest

from binnacle.journal.v1 import journal_pb2
from services.aggregator.adapters.clickhouse.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.statements import TenantQuery
from tests.support.journals import NOW, record, segment
from tests.support.stores import chdb_store, opened

pytestmark = pytest.mark.store

# Of long ago, but not so long that no tier is kept: the store's own clock decides.
DAY = int(NOW) // 86_400 * 86_400


def sums(values: list[float], tier: int = 86_400) -> journal_pb2.Record:
    """A record with one bucket of one series."""
    made = record(tenant="acme", series=[(1, "cpu", {})])
    block = made.rollups
    block.series_ids, block.tiers = np.array([1], "<u8").tobytes(), np.array([tier], "<u4").tobytes()
    block.buckets_unix_s, block.counts = np.array([DAY], "<i8").tobytes(), np.array([len(values)], "<u8").tobytes()
    block.sums, block.mins = np.array([sum(values)], "<f8").tobytes(), np.array([min(values)], "<f8").tobytes()
    block.maxs, block.lasts = np.array([max(values)], "<f8").tobytes(), np.array([values[-1]], "<f8").tobytes()
    block.last_times_unix_ms = np.array([DAY * 1000 + int(values[-1])], "<i8").tobytes()
    return made


async def test_parts_of_a_bucket_add_up_once(tmp_path: Path) -> None:
    path = tmp_path / "store"
    async with opened(chdb_store(path)) as store:
        for _time in range(2):
            await store.commit(segment(sums([3.0, 1.0, 7.0]), sums([5.0, 2.0]), first_offset=0))
        await store.commit(segment(sums([4.0]), first_offset=2))
    columns = ("sum(count)", "sum(sum)", "min(min)", "max(max)", "max(newest).2")
    query = TenantQuery("acme", "imported_rollups", columns, group_by="tier, series_id, bucket")
    engine = ChdbEngine(path)
    try:
        assert engine.query(query.statement()) == [[6, 22.0, 1.0, 7.0, 7.0]]
        engine.execute("OPTIMIZE TABLE imported_rollups FINAL")
        assert engine.query(query.statement()) == [[6, 22.0, 1.0, 7.0, 7.0]]
    finally:
        engine.close()
