"""What is in a suite's store, read once the suite has stopped."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """A series with its samples in order of time; values as their bits."""

    labels: dict[str, str]
    kind: int
    unit: str
    times_ms: npt.NDArray[np.int64]
    bits: npt.NDArray[np.uint64]


def everything_is_stored(suite: Suite, marks: int = 2) -> None:
    """Return once all that was acknowledged before now is committed: a journal is stored in its order.

    Numbers of points do not tell: some without an answer may be there in place of some that were answered. `marks` come
    last; of several workers behind the edge each takes some of many.
    """
    mark = f"last-{secrets.token_hex(4)}"
    for _mark in range(marks):
        eventually_sync(lambda: _is_taken(suite, mark), "a mark is taken", within=60)
    eventually_sync(lambda: _committed(suite, mark) >= marks, "the last events are stored", within=60)


def _is_taken(suite: Suite, mark: str) -> bool:
    try:
        return suite.http.post("/events", json={"type": mark}).is_success
    except httpx.TransportError:
        return False


def _committed(suite: Suite, mark: str) -> int:
    """How many marks are committed; none while the aggregator, which may just have been killed, is not back."""
    try:
        # What is listed counts at least, and one is listed before all are counted, which they are once committed.
        answer = suite.http.get("/events", params={"type": mark, "limit": 1})
    except httpx.TransportError:
        return 0
    return int(answer.json()["count"]) if answer.is_success else 0


def rows_of(data_dir: Path, sql: str) -> list[list[Any]]:
    """Rows of a SELECT over the store of a suite that has stopped."""
    engine = ChdbEngine(data_dir / "aggregator" / "chdb")
    try:
        return engine.query(Statement(sql))
    finally:
        engine.close()


def stored_samples(data_dir: Path) -> dict[str, StoredSeries]:
    """Series by name; of several with one name the one that comes last."""
    series = {
        identity: (name, labels, kind, unit)
        for identity, name, labels, kind, unit in rows_of(
            data_dir, "SELECT id, any(name), any(labels), anyLast(kind), anyLast(unit) FROM series FINAL GROUP BY id"
        )
    }
    samples = rows_of(
        data_dir,
        "SELECT series_id, groupArray(toUnixTimestamp64Milli(time)), groupArray(reinterpretAsUInt64(value))"
        " FROM (SELECT * FROM samples_values ORDER BY series_id, time) GROUP BY series_id",
    )
    found = {}
    for identity, times, bits in samples:
        name, labels, kind, unit = series[identity]
        columns = (np.array(times, np.int64), np.array(bits, np.uint64))
        found[name] = StoredSeries(labels, kind, unit, *columns)
    return found
