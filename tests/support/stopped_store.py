"""Reads the store of a suite that has stopped: `python -m tests.support.stopped_store <path>` answers JSON."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.aggregator.adapters.clickhouse.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.statements import Statement
from tests.support.lanes import SAMPLE_NAME, SERVICE

_SAMPLES = f"(SELECT id FROM series WHERE name = '{SAMPLE_NAME}')"
_ENTRY = "JSONExtractInt(data, 'entry')"
_ROLLED = f"SELECT sum(count), sum(sum) FROM rollup_minutes FINAL WHERE series_id IN {_SAMPLES}"
QUERIES = {
    "events": f"SELECT type, {_ENTRY}, count() FROM events WHERE service = '{SERVICE}' GROUP BY 1, 2",
    "samples": f"SELECT value, count() FROM samples_values WHERE series_id IN {_SAMPLES} GROUP BY 1",
    "requests": f"SELECT sum(requests) FROM signals WHERE service = '{SERVICE}'",
    "rolled": _ROLLED,
    "logs": "SELECT count() FROM logs",
}


@dataclass(frozen=True, slots=True)
class Rows:
    """How often each number is there, by kind of point; and what is made of them."""

    events: dict[str, dict[int, int]]
    samples: dict[int, int]
    requests: float
    rolled_count: int
    rolled_sum: float


def read(data_dir: Path) -> Rows:
    """The rows of the load in the store of a suite's folder. The suite must not run."""
    told = _asked(data_dir)
    events: dict[str, dict[int, int]] = {}
    for kind, number, times in told["events"]:
        events.setdefault(kind, {})[number] = times
    [[count, total]] = told["rolled"]
    [[requests]] = told["requests"]
    return Rows(events, {int(value): times for value, times in told["samples"]}, requests, count, total)


def _asked(data_dir: Path) -> dict[str, list[list[Any]]]:
    path = data_dir / "aggregator" / "chdb"
    # In a process of its own: the embedded engine can be opened once in a process.
    answer = subprocess.run(
        [sys.executable, "-m", __spec__.name, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    told: dict[str, list[list[Any]]] = json.loads(answer.stdout)
    return told


def count(data_dir: Path, table: str) -> int:
    """Rows of a table."""
    [[rows]] = _asked(data_dir)[table]
    return int(rows)


def main(path: Path) -> None:
    """Answer every query."""
    engine = ChdbEngine(path)
    try:
        json.dump({name: engine.query(Statement(sql)) for name, sql in QUERIES.items()}, sys.stdout)
    finally:
        engine.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
