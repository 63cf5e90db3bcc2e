"""Compares what lanes were told with what the store holds."""

from tests.support import stopped_store
from tests.support.lanes import KINDS, WATCHED_TYPE, Lanes, faults
from tests.support.stored import everything_is_stored
from tests.support.suite import Suite

MINUTE = 60
MARKS = 20


def rolled_up(suite: Suite) -> bool:
    """Whether every roll-up by the minute is up to date: a minute is made some seconds after it ended."""
    return not any(tier["bucket_seconds"] == MINUTE for tier in suite.get("/api/v1/pipeline")["rollups"])


def judge(suite: Suite, load: Lanes) -> stopped_store.Rows:
    """Stop the suite; every acknowledged point is there once, in the raw tables and in what is made of them."""
    everything_is_stored(suite, MARKS)
    shown = suite.get("/dashboard")["overview"]["total_requests"]
    assert suite.stop() == 0
    rows = stopped_store.read(suite.data_dir)
    kept = {**{kind: rows.events.get(kind, {}) for kind in ("request", WATCHED_TYPE)}, "sample": rows.samples}
    found = [fault for kind in KINDS for fault in faults(kind, kept[kind], load.acknowledged[kind], load.open[kind])]
    assert not found, found
    assert rows.requests == shown == len(kept["request"])
    assert [minute for minute in rows.minutes if not minute.outdated and minute.rolled != minute.stored] == []
    return rows
