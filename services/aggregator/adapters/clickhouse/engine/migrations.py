"""Brings the schema of a store up to date. A store newer than this software is refused."""

from dataclasses import dataclass
from importlib.resources import files

from services.aggregator.adapters.clickhouse.engine.engines import Engine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.engine.turns import leased
from services.core.errors import Conflict

_VERSIONS = """
CREATE TABLE IF NOT EXISTS schema_versions (version UInt32, name String, applied DateTime('UTC') DEFAULT now())
ENGINE = MergeTree ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

# See turns.py; there before any other table, for the migrations are done in turns too.
_TURNS = """
CREATE TABLE IF NOT EXISTS turns (
    log LowCardinality(String), number UInt64, taker String, until DateTime64(3, 'UTC'),
    taken DateTime64(6, 'UTC') DEFAULT now64(6)
) ENGINE = MergeTree PARTITION BY (log, intDiv(number, 100000000)) ORDER BY (log, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000
"""

BOOTSTRAP = (_VERSIONS, _TURNS)
"""What stands before the first step."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step. Its statements may be run again after a crash half-way."""

    version: int
    name: str
    statements: tuple[str, ...]


def known_migrations() -> list[Migration]:
    """The steps this software has, in order: `schema/0001_name.sql` and on, statements ended by `;` at a line's end."""
    folder = files("services.aggregator.adapters.clickhouse").joinpath("schema")
    steps = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".sql"):
            version, _, name = entry.name.removesuffix(".sql").partition("_")
            statements = tuple(part.strip() for part in entry.read_text(encoding="utf-8").split(";\n") if part.strip())
            steps.append(Migration(int(version), name, statements))
    return steps


def migrate(engine: Engine, steps: list[Migration]) -> None:
    """Run the steps that `engine` has not seen, one process at a time. Raises Conflict when it has seen more."""
    for statement in BOOTSTRAP:
        engine.execute(statement)
    if not _missing(engine, steps):
        return
    with leased(engine, "migrations"):
        for step in _missing(engine, steps):
            for statement in step.statements:
                engine.execute(statement)
            engine.execute(f"INSERT INTO schema_versions (version, name) VALUES ({step.version}, '{step.name}')")


def _missing(engine: Engine, steps: list[Migration]) -> list[Migration]:
    """The steps still to be run."""
    seen = {version for [version] in engine.query(Statement("SELECT version FROM schema_versions"))}
    newest, known = max(seen, default=0), max(step.version for step in steps)
    if newest > known:
        raise Conflict(
            f"the store has schema version {newest}, this software knows {known}: start a newer version of Binnacle"
        )
    return [step for step in steps if step.version not in seen]
