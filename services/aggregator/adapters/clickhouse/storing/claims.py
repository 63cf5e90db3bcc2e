"""Claims of named requests: a log that several aggregators write in turns, and read back."""

import itertools
from collections.abc import Iterator, Sequence
from uuid import uuid4

import numpy as np

from services.aggregator.adapters.clickhouse.engine import native
from services.aggregator.adapters.clickhouse.engine.engines import Engine
from services.aggregator.adapters.clickhouse.engine.native import Column
from services.aggregator.adapters.clickhouse.engine.statements import Statement, quoted
from services.aggregator.ports.claims import ID_BYTES, Claim, Claimed, ClaimHistory, ClaimRun

MICRO = 1_000_000
HOUR_US = 3_600 * MICRO

_TABLE = "claim_log"
_NEWEST = Statement("SELECT max(batch), toUnixTimestamp64Micro(max(claimed)) FROM claim_log")
_OLD = Statement(
    "SELECT _partition_id FROM claim_log GROUP BY _partition_id HAVING max(claimed) < now() - INTERVAL 4 DAY"
    " AND max(batch) < (SELECT max(batch) FROM claim_log)"
)
# See turns.py; of two that wrote one batch, the first has it.
_WRITER = "SELECT argMin(writer, taken) FROM claim_log WHERE batch = {batch:UInt64}"
_AFTER = (
    "SELECT hex(id), journal_id, offset, toUnixTimestamp64Micro(claimed), batch FROM claim_log"
    " WHERE (batch, writer) IN (SELECT batch, argMin(writer, taken) FROM claim_log WHERE batch > {after:UInt64}"
    " GROUP BY batch) ORDER BY batch"
)
_SINCE = "claimed >= fromUnixTimestamp64Micro({since:Int64})"
_HOUR = "toUnixTimestamp(toStartOfHour(claimed, 'UTC'))"
_HOURS = f"SELECT {_HOUR} AS hour, count() FROM claim_log WHERE {_SINCE} GROUP BY hour ORDER BY hour DESC"
_IDS = f"SELECT id FROM claim_log WHERE toStartOfHour(claimed, 'UTC') = toDateTime({{hour:UInt32}}, 'UTC') AND {_SINCE}"
_NEWEST_IDS = f"{_IDS} ORDER BY claimed DESC LIMIT {{most:UInt64}}"
_UNCOMMITTED = (
    "SELECT hex(id), argMax(journal_id, (batch, claimed)), argMax(offset, (batch, claimed)),"
    " toUnixTimestamp64Micro(argMax(claimed, (batch, claimed)))"
    " FROM claim_log WHERE id IN (SELECT id FROM claim_log LEFT JOIN"
    " (SELECT journal_id, max(to_offset) AS committed_offset FROM ledger GROUP BY journal_id) AS done"
    f" USING (journal_id) WHERE offset >= committed_offset AND {_SINCE}) GROUP BY id"
)


def append_claims(engine: Engine, claims: Sequence[Claim], after: int) -> Claimed:
    """Write the batch that follows `after`, unless another did; see ports/store.py."""
    writer = uuid4().hex
    columns = [
        native.numbers("batch", "UInt64", np.full(len(claims), after + 1, np.uint64)),
        native.words("writer", [writer], [len(claims)]),
        Column("id", f"FixedString({ID_BYTES})", b"".join(claim.id for claim in claims)),
        native.words("journal_id", [claim.journal_id for claim in claims]),
        native.numbers("offset", "UInt64", np.array([claim.offset for claim in claims], np.uint64)),
        native.numbers("claimed", "DateTime64(6, 'UTC')", np.array([claim.claimed_us for claim in claims], np.int64)),
    ]
    names, body = ", ".join(column.name for column in columns), native.block(columns, len(claims))
    for attempt in itertools.count():
        engine.insert(_TABLE, names, body, f"after {after} {attempt}")
        [[holder]] = engine.query(Statement(_WRITER, {"batch": after + 1}))
        if holder == writer:
            return Claimed(after + 1)
        if (others := _claims_after(engine, after)).position > after:
            return others
    raise AssertionError


def _claims_after(engine: Engine, after: int) -> Claimed:
    rows = engine.query(Statement(_AFTER, {"after": after}))
    claims = [Claim(bytes.fromhex(name), journal_id, int(offset), int(us)) for name, journal_id, offset, us, _ in rows]
    return Claimed(int(rows[-1][4]) if rows else after, claims)


def drop_old_claims(engine: Engine) -> None:
    """Drop what is older than any name is remembered; the newest partition stays, so that the count goes on."""
    for (partition,) in engine.query(_OLD):
        engine.execute(f"ALTER TABLE {_TABLE} DROP PARTITION ID {quoted(partition)}")


def read_claims(engine: Engine, within_us: int, most: int) -> ClaimHistory:
    """The newest claims; see ports/store.py."""
    [[position, newest_us]] = engine.query(_NEWEST)
    since_us = max(int(newest_us) - within_us, 0)
    hours = [(int(hour), int(count)) for hour, count in engine.query(Statement(_HOURS, {"since": since_us}))]
    runs = list(_runs(engine, hours, since_us, most))
    left_out = sum(count for _hour, count in hours) > most
    return ClaimHistory(
        runs=runs[::-1],
        uncommitted=[
            Claim(bytes.fromhex(name), journal_id, int(offset), int(claimed_us))
            for name, journal_id, offset, claimed_us in engine.query(Statement(_UNCOMMITTED, {"since": since_us}))
        ],
        newest_us=int(newest_us),
        position=int(position),
        complete_from_us=runs[-1].from_us + HOUR_US if runs and left_out else 0,
    )


def _runs(engine: Engine, hours: Sequence[tuple[int, int]], since_us: int, most: int) -> Iterator[ClaimRun]:
    """Ids by the hour, the newest hour first, as many as there is room for."""
    for hour, count in hours:
        if most <= 0:
            return
        question = Statement(
            _IDS if count <= most else _NEWEST_IDS, {"hour": hour, "since": since_us, "most": min(most, count)}
        )
        ids = np.frombuffer(engine.query_bytes(question, "RowBinary"), f"S{ID_BYTES}")
        yield ClaimRun(hour * MICRO, ids)
        most -= count
