"""Empty stores to begin with: each a copy of one, since to make one takes its hundred statements a second of CPU.

How a store is made is tested where nothing is laid: by tests of migrations, of two aggregators, and of a suite begun as
an operator does.
"""

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine, Engine
from services.aggregator.adapters.clickhouse.engine.migrations import known_migrations, migrate
from services.aggregator.adapters.clickhouse.engine.statements import Statement

_TABLES = Statement(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name"
)
_EACH_SECOND = "cleanup_delay_period = 1, max_cleanup_delay_period = 1, cleanup_delay_period_random_add = 0"


def lay_empty_store(path: Path) -> None:
    """An empty store of this software's schema at `path`, unless a store is there."""
    _lay(path, "empty")


def lay_tidy_store(path: Path) -> None:
    """The same that removes former parts at once, see `remove_at_once`."""
    _lay(path, "tidy")


def remove_at_once(engine: Engine) -> None:
    """Have a store remove parts within a second of their last use; it looks for such every half to ten minutes."""
    for [table] in engine.query(_TABLES):
        engine.execute(f"ALTER TABLE {table} MODIFY SETTING old_parts_lifetime = 0, {_EACH_SECOND}")


def _lay(path: Path, kind: str) -> None:
    if not path.exists() or not any(path.iterdir()):
        shutil.copytree(_made(kind), path, symlinks=True, dirs_exist_ok=True)


@functools.cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="bn-empty-")


@functools.cache
def _made(kind: str) -> Path:
    path = Path(_folder().name) / kind
    # A process has one embedded store at a time, and the asking one may have another open.
    subprocess.run([sys.executable, "-m", "tests.support.empty_store", str(path)], check=True)
    return path


def _make(path: Path) -> None:
    engine = ChdbEngine(path)
    migrate(engine, known_migrations())
    if path.name == "tidy":
        remove_at_once(engine)
    engine.close()


if __name__ == "__main__":
    _make(Path(sys.argv[1]))
