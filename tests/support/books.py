"""Compares what lanes were told with what the store holds."""

import secrets

import httpx

from tests.support import stopped_store
from tests.support.lanes import KINDS, WATCHED_TYPE, Lanes, faults
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

MINUTE = 60
MARKS = 20


def settle(suite: Suite) -> None:
    """Return once the store has all that was acknowledged before: a journal is stored in its order.

    Numbers do not tell: points without an answer may be there in place of some that were answered. Marks come last,
    so many that each worker behind the edge takes some.
    """
    mark = f"mark-{secrets.token_hex(4)}"
    for _mark in range(MARKS):
        eventually_sync(lambda: _is_taken(suite, mark), "a mark is taken", within=60)
    eventually_sync(lambda: _counted(suite, mark) >= MARKS, "all is stored", within=60)


def _is_taken(suite: Suite, mark: str) -> bool:
    try:
        return suite.http.post("/events", json={"type": "mark", "service": mark}).is_success
    except httpx.TransportError:
        return False


def _counted(suite: Suite, mark: str) -> int:
    """How many marks are committed; none while the aggregator, which may just have been killed, is not back."""
    try:
        # Listed are some before they are committed; counted are they only then, and what is listed counts at least.
        answer = suite.http.get("/events", params={"service": mark, "limit": 1})
    except httpx.TransportError:
        return 0
    return int(answer.json()["count"]) if answer.is_success else 0


def rolled_up(suite: Suite) -> bool:
    """Whether every roll-up by the minute is up to date: a minute is made some seconds after it ended."""
    return not any(tier["bucket_seconds"] == MINUTE for tier in suite.get("/api/v1/pipeline")["rollups"])


def judge(suite: Suite, load: Lanes) -> stopped_store.Rows:
    """Stop the suite; every acknowledged point is there once, in the raw tables and in what is made of them."""
    settle(suite)
    shown = suite.get("/dashboard")["overview"]["total_requests"]
    assert suite.stop() == 0
    rows = stopped_store.read(suite.data_dir)
    kept = {**{kind: rows.events.get(kind, {}) for kind in ("request", WATCHED_TYPE)}, "sample": rows.samples}
    found = [fault for kind in KINDS for fault in faults(kind, kept[kind], load.acknowledged[kind], load.open[kind])]
    assert not found, found
    assert rows.requests == shown == len(kept["request"])
    assert [minute for minute in rows.minutes if not minute.outdated and minute.rolled != minute.stored] == []
    return rows
