"""The schema for a cluster, made of the same files as for one server; the engine reads it. No cluster is at hand."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engine.cluster import SHARDED, on_cluster
from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.migrations import BOOTSTRAP, known_migrations
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.keeping.shelves import SHELVES

pytestmark = pytest.mark.store
CREATED = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")
STATEMENTS = [*BOOTSTRAP, *(statement for step in known_migrations() for statement in step.statements)]
RENDERED = [rendered for statement in STATEMENTS for rendered in on_cluster(statement, "main")]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbEngine]:
    opened = ChdbEngine(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


def test_the_engine_reads_every_statement(engine: ChdbEngine) -> None:
    for statement in RENDERED:
        [[read]] = engine.query(Statement("SELECT formatQuery({sql:String})", {"sql": statement}))
        assert read


def test_every_change_of_the_schema_is_for_all_nodes() -> None:
    for statement in RENDERED:
        assert "ON CLUSTER `main`" in statement or statement.lstrip().startswith(("INSERT", "--")), statement


def test_every_table_of_data_is_replicated_and_in_front_of_all_shards() -> None:
    created = [found[1] for statement in STATEMENTS if (found := CREATED.search(statement))]
    assert set(SHARDED) <= set(created)
    for table in created:
        [kept, *front] = [one for one in RENDERED if re.search(rf"EXISTS {table}(_local)? ON", one) and "CREATE" in one]
        assert re.search(r"ENGINE = Replicated\w*MergeTree\('/clickhouse/tables/", kept)
        assert "non_replicated" not in kept
        for one in front:
            assert f"Distributed('main', currentDatabase(), '{table}_local', cityHash64" in one
        assert len(front) == (table in SHARDED)


def test_the_key_of_a_shard_is_made_of_columns_of_its_table(engine: ChdbEngine) -> None:
    columns: dict[str, str] = {}
    for statement in STATEMENTS:
        if found := CREATED.search(statement):
            columns[found[1]] = statement
    for table, key in SHARDED.items():
        for column in re.findall(r"(\w+)[,)]", key):
            assert re.search(rf"^ +{column} ", columns[table], re.MULTILINE), (table, column)


def test_what_is_deleted_is_deleted_on_every_shard() -> None:
    for shelf in SHELVES:
        [change] = on_cluster(f"ALTER TABLE {shelf.table} DROP PARTITION ID '20260101'", "main")
        local = f"{shelf.table}_local" if shelf.table in SHARDED else shelf.table
        assert change == f"ALTER TABLE {local} ON CLUSTER `main` DROP PARTITION ID '20260101'"


def test_a_new_column_is_on_both_sides() -> None:
    assert on_cluster(
        "ALTER TABLE logs ADD COLUMN IF NOT EXISTS span_id String CODEC(ZSTD(1)) AFTER trace_id", "c"
    ) == [
        "ALTER TABLE logs_local ON CLUSTER `c` ADD COLUMN IF NOT EXISTS span_id String CODEC(ZSTD(1)) AFTER trace_id",
        "ALTER TABLE logs ON CLUSTER `c` ADD COLUMN IF NOT EXISTS span_id String AFTER trace_id",
    ]


def test_questions_stay_as_they_are(tmp_path: Path) -> None:
    assert on_cluster("INSERT INTO rollup_minutes SELECT 1", "c") == ["INSERT INTO rollup_minutes SELECT 1"]
