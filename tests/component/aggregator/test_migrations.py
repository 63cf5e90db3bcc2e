"""Stores of other versions."""

import asyncio
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engines import ChdbEngine, open_engine
from services.aggregator.adapters.clickhouse.migrations import Migration, known_migrations, migrate
from services.aggregator.adapters.clickhouse.statements import Statement
from services.aggregator.config import AggregatorConfig
from services.aggregator.wiring import wire
from services.core.errors import Conflict, InvalidInput
from tests.support.services import running_service, socket_address

pytestmark = pytest.mark.store


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
