"""Reads the store of a suite that has stopped: `python -m tests.support.stopped_store <path>` answers JSON."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from tests.support.lanes import SAMPLE_NAME, SERVICE

_SAMPLES = f"(SELECT id FROM series WHERE name = '{SAMPLE_NAME}')"
_ENTRY = "JSONExtractInt(data, 'entry')"
# By minute: what the samples come to, what the roll-up says, and whether it is known to be out of date.
_MINUTES = (
    "SELECT sum(stored), sum(stored_sum), sum(rolled), sum(rolled_sum), max(outdated) FROM ("
    " SELECT toStartOfMinute(time) AS minute, count() AS stored, sum(value) AS stored_sum, 0 AS rolled,"
    f" 0. AS rolled_sum, 0 AS outdated FROM samples_values WHERE series_id IN {_SAMPLES} GROUP BY minute"
    " UNION ALL SELECT bucket, 0, 0., sum(count), sum(part.sum), 0 FROM rollup_minutes AS part FINAL"
    f" WHERE series_id IN {_SAMPLES} GROUP BY bucket"
    " UNION ALL SELECT bucket, 0, 0., 0, 0., max(disturbed) > max(rolled) FROM rollup_marks WHERE tier = 60"
    " GROUP BY bucket) GROUP BY minute HAVING sum(stored) + sum(rolled) > 0"
)
QUERIES = {
    "events": f"SELECT type, {_ENTRY}, count() FROM events WHERE service = '{SERVICE}' GROUP BY 1, 2",
    "samples": f"SELECT value, count() FROM samples_values WHERE series_id IN {_SAMPLES} GROUP BY 1",
    "requests": f"SELECT sum(requests) FROM signals WHERE service = '{SERVICE}'",
    "minutes": _MINUTES,
    "logs": "SELECT count() FROM logs",
}


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute of samples: count and sum as stored and as rolled up."""

    stored: tuple[int, float]
    rolled: tuple[int, float]
    outdated: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """How often each number is there, by kind of point; and what is made of them."""

    events: dict[str, dict[int, int]]
    samples: dict[int, int]
    requests: float
    minutes: list[Minute]


def read(data_dir: Path) -> Rows:
    """The rows of the load in the store of a suite's folder. The suite must not run."""
    told = _asked(data_dir)
    events: dict[str, dict[int, int]] = {}
    for kind, number, times in told["events"]:
        events.setdefault(kind, {})[number] = times
    [[requests]] = told["requests"]
    minutes = [
        Minute((stored, stored_sum), (rolled, rolled_sum), bool(outdated))
        for stored, stored_sum, rolled, rolled_sum, outdated in told["minutes"]
    ]
    return Rows(events, {int(value): times for value, times in told["samples"]}, requests, minutes)


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
