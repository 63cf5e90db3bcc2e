"""Turns that several processes take over one store: each number of a log is taken by one of them.

The store has no locks, but it drops an insert whose token it has seen. So the token of a turn names the turn before it:
of all who come after the same turn one gets in, and every one of them reads afterwards who it was. A token may have
been noted for a row that never came to be (a server killed in between): then the next attempt uses another.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from uuid import uuid4

import numpy as np

from services.aggregator.adapters.clickhouse.engine import native
from services.aggregator.adapters.clickhouse.engine.engines import Engine, EngineFault
from services.aggregator.adapters.clickhouse.engine.statements import Statement, quoted

TABLE = "turns"
LEASE_MS = 20_000
RENEW_SECONDS = 5.0
ASK_SECONDS = 0.2

_HIGHEST = "SELECT max(number) FROM turns WHERE log = {log:String}"
_OLD = Statement(
    "SELECT _partition_id FROM turns GROUP BY log, _partition_id QUALIFY"
    " max(max(number)) OVER (PARTITION BY log) > max(number)"
)
# A token is forgotten after 10,000 others; of two that took one number, the first has it.
_TAKER = "SELECT taker FROM turns WHERE log = {log:String} AND number > {after:UInt64} ORDER BY number, taken LIMIT 1"
_STATE = (
    "SELECT toUnixTimestamp64Milli(now64(3)), max(number),"
    " toUnixTimestamp64Milli(argMax(until, (number, taken))) FROM turns WHERE log = {log:String}"
)


def highest(engine: Engine, log: str) -> int:
    """The newest turn of a log; 0 when there is none."""
    [[number]] = engine.query(Statement(_HIGHEST, {"log": log}))
    return int(number)


def drop_old_turns(engine: Engine) -> None:
    """Drop what nobody asks for any more: all but the newest partition of each log."""
    for (partition,) in engine.query(_OLD):
        engine.execute(f"ALTER TABLE {TABLE} DROP PARTITION ID {quoted(partition)}")


def take(engine: Engine, log: str, after: int, number: int, until_ms: int = 0) -> bool:
    """Take the turn that follows `after`; whether it was taken, and by nobody else."""
    taker = uuid4().hex
    for attempt in itertools.count():
        _insert(engine, log, number, taker, until_ms, f"{log} after {after} {attempt}")
        rows = engine.query(Statement(_TAKER, {"log": log, "after": after}))
        if rows:
            return bool(rows[0][0] == taker)
    raise AssertionError


def _insert(engine: Engine, log: str, number: int, taker: str, until_ms: int, token: str) -> None:
    columns = [
        native.words("log", [log]),
        native.numbers("number", "UInt64", np.array([number], np.uint64)),
        native.texts("taker", [taker]),
        native.numbers("until", "DateTime64(3, 'UTC')", np.array([until_ms], np.int64)),
    ]
    names = ", ".join(column.name for column in columns)
    engine.insert(TABLE, names, native.block(columns, 1), token)


class Lease:
    """The right to do something alone, until it is let go or its holder has not renewed it for 20 s.

    The time is the store's own. Whoever holds it too long, because it was stopped in between, hears so from `held`.
    """

    def __init__(self, engine: Engine, log: str) -> None:
        self._engine = engine
        self._log = log
        self._number = 0

    def take(self) -> bool:
        """Take it if nobody holds it."""
        now_ms, number, until_ms = self._state()
        if until_ms > now_ms or not take(self._engine, self._log, number, number + 1, now_ms + LEASE_MS):
            return False
        self._number = number + 1
        return True

    def held(self) -> bool:
        """Whether it is still held by nobody else."""
        now_ms, number, until_ms = self._state()
        return number == self._number and until_ms > now_ms

    def renew(self) -> None:
        """Hold it for longer."""
        now_ms, number, _until_ms = self._state()
        if number == self._number:
            self._note(now_ms + LEASE_MS)

    def release(self) -> None:
        """Let it go."""
        self._note(0)

    def _note(self, until_ms: int) -> None:
        _insert(self._engine, self._log, self._number, "", until_ms, f"{self._log} {self._number} {uuid4().hex}")

    def _state(self) -> tuple[int, int, int]:
        [[now_ms, number, until_ms]] = self._engine.query(Statement(_STATE, {"log": self._log}))
        return int(now_ms), int(number), int(until_ms)


@contextmanager
def leased(engine: Engine, log: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lease, renewed by a thread, until the end of the block; False when not waiting and another holds it."""
    if engine.exclusive:
        yield True
        return
    lease = Lease(engine, log)
    while not (taken := lease.take()) and wait:
        sleep(ASK_SECONDS)
    if not taken:
        yield False
        return
    ended = threading.Event()
    renewer = threading.Thread(target=_renew, args=(lease, ended), name=f"lease of {log}", daemon=True)
    renewer.start()
    try:
        yield True
    finally:
        ended.set()
        renewer.join()
        lease.release()


def _renew(lease: Lease, ended: threading.Event) -> None:
    while not ended.wait(RENEW_SECONDS):
        try:
            lease.renew()
        except EngineFault:
            continue
