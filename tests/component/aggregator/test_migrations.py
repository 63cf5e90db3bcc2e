"""Stores of other versions."""

import asyncio
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine, open_engine
from services.aggregator.adapters.clickhouse.engine.migrations import Migration, known_migrations, migrate
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.storing.claims import read_claims
from services.aggregator.adapters.clickhouse.storing.rollups import Revisions
from services.aggregator.config import AggregatorConfig
from services.aggregator.wiring import wire
from services.core.errors import Conflict, InvalidInput
from tests.support.services import running_service, socket_address
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.store
CLAIM_LOG, RETENTION = 10, 11


def versions(engine: ChdbEngine) -> list[int]:
    return [version for [version] in engine.query(Statement("SELECT version FROM schema_versions ORDER BY version"))]


def test_an_older_store_is_brought_up_to_date_once(tmp_path: Path) -> None:
    first = known_migrations()[0]
    second = Migration(first.version + 1, "more", ("CREATE TABLE IF NOT EXISTS more (n UInt8) ENGINE = Memory",))
    engine = ChdbEngine(tmp_path / "store")
    try:
        migrate(engine, [first])
        migrate(engine, [first, second])
        migrate(engine, [first, second])
        assert versions(engine) == [first.version, second.version]
    finally:
        engine.close()


def test_a_step_that_was_cut_short_is_run_again(tmp_path: Path) -> None:
    engine = ChdbEngine(tmp_path / "store")
    try:
        engine.execute(known_migrations()[0].statements[0])
        migrate(engine, known_migrations())
        assert versions(engine) == [step.version for step in known_migrations()]
    finally:
        engine.close()


def test_rows_of_an_older_store_outlive_the_lifetime_they_were_written_with(tmp_path: Path) -> None:
    steps = known_migrations()
    engine = ChdbEngine(tmp_path / "store")
    try:
        migrate(engine, [step for step in steps if step.version < RETENTION])
        row = "'default', 1, now64(3) - INTERVAL 6 DAY, 1, 0"
        engine.execute(f"INSERT INTO samples (tenant, series_id, time, mantissa, exponent) VALUES ({row})")
        lifetime = Statement(
            "SELECT delete_ttl_info_max > now() + INTERVAL 1000 DAY FROM system.parts"
            " WHERE table = 'samples' AND active AND database = currentDatabase()"
        )
        assert engine.query(lifetime) == [[0]]
        migrate(engine, steps)
        eventually_sync(lambda: engine.query(lifetime) == [[1]], "the parts have learnt their new lifetime", within=60)
        assert engine.query(Statement("SELECT count() FROM samples")) == [[1]]
    finally:
        engine.close()


def test_claims_and_revisions_of_an_older_store_are_taken_over(tmp_path: Path) -> None:
    steps = known_migrations()
    engine = ChdbEngine(tmp_path / "store")
    try:
        migrate(engine, [step for step in steps if step.version < CLAIM_LOG])
        engine.execute(
            "INSERT INTO claims (id, journal_id, offset, claimed) VALUES (unhex(repeat('61', 16)), 'j', 7, now64(6))"
        )
        engine.execute("INSERT INTO revisions (reserved) VALUES (5000001)")
        migrate(engine, steps)
        [claim] = read_claims(engine, 10**12, 10).uncommitted
        assert (claim.id, claim.journal_id, claim.offset) == (b"a" * 16, "j", 7)
        assert Revisions(engine).next() == 5_000_002
    finally:
        engine.close()


async def test_a_store_of_a_newer_version_is_refused_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "aggregator" / "chdb"
    engine = ChdbEngine(path)
    migrate(engine, [*known_migrations(), Migration(9_999, "future", ())])
    engine.close()
    config = AggregatorConfig(listen=socket_address("aggregator"), data_dir=tmp_path, drain_seconds=0)
    with pytest.raises(ExceptionGroup) as refused:
        async with running_service("aggregator", config, wire):
            await asyncio.Event().wait()
    assert refused.group_contains(Conflict, match="schema version 9999")


def test_another_kind_of_store_is_refused() -> None:
    with pytest.raises(InvalidInput, match="clickhouse_dsn"):
        open_engine("postgres://host/db")
