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

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.migrations import known_migrations, migrate


def lay_empty_store(path: Path) -> None:
    """An empty store of this software's schema at `path`, unless a store is there."""
    if not path.exists() or not any(path.iterdir()):
        shutil.copytree(_made() / "store", path, symlinks=True, dirs_exist_ok=True)


@functools.cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="bn-empty-")


@functools.cache
def _made() -> Path:
    folder = Path(_folder().name)
    # A process has one embedded store at a time, and the asking one may have another open.
    subprocess.run([sys.executable, "-m", "tests.support.empty_store", str(folder / "store")], check=True)
    return folder


def _make(path: Path) -> None:
    engine = ChdbEngine(path)
    migrate(engine, known_migrations())
    engine.close()


if __name__ == "__main__":
    _make(Path(sys.argv[1]))
