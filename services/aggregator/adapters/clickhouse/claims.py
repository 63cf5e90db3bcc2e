"""Claims of named requests, written and read back."""

from collections.abc import Iterator, Sequence

import numpy as np

from services.aggregator.adapters.clickhouse import native
from services.aggregator.adapters.clickhouse.engines import Engine
from services.aggregator.adapters.clickhouse.native import Column
from services.aggregator.adapters.clickhouse.statements import Statement
from services.aggregator.ports.claims import ID_BYTES, Claim, ClaimHistory, ClaimRun

MICRO = 1_000_000
HOUR_US = 3_600 * MICRO

_NEWEST = Statement("SELECT toUnixTimestamp64Micro(max(claimed)) FROM claims")
_SINCE = "claimed >= fromUnixTimestamp64Micro({since:Int64})"
_HOUR = "toUnixTimestamp(toStartOfHour(claimed, 'UTC'))"
_HOURS = f"SELECT {_HOUR} AS hour, count() FROM claims WHERE {_SINCE} GROUP BY hour ORDER BY hour DESC"
_IDS = f"SELECT id FROM claims WHERE toStartOfHour(claimed, 'UTC') = toDateTime({{hour:UInt32}}, 'UTC') AND {_SINCE}"
_NEWEST_IDS = f"{_IDS} ORDER BY claimed DESC LIMIT {{most:UInt64}}"
_UNCOMMITTED = (
    "SELECT hex(id), argMax(journal_id, claimed), argMax(offset, claimed), toUnixTimestamp64Micro(max(claimed))"
    " FROM claims WHERE id IN (SELECT id FROM claims LEFT JOIN"
    " (SELECT journal_id, max(to_offset) AS committed_offset FROM ledger GROUP BY journal_id) AS done"
    f" USING (journal_id) WHERE offset >= committed_offset AND {_SINCE}) GROUP BY id"
)


def claim_columns(claims: Sequence[Claim]) -> list[Column]:
    """Claims as columns of their table."""
    return [
        Column("id", f"FixedString({ID_BYTES})", b"".join(claim.id for claim in claims)),
        native.words("journal_id", [claim.journal_id for claim in claims]),
        native.numbers("offset", "UInt64", np.array([claim.offset for claim in claims], np.uint64)),
        native.numbers("claimed", "DateTime64(6, 'UTC')", np.array([claim.claimed_us for claim in claims], np.int64)),
    ]


def read_claims(engine: Engine, within_us: int, most: int) -> ClaimHistory:
    """The newest claims; see ports/store.py."""
    [[newest_us]] = engine.query(_NEWEST)
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
