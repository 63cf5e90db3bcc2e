"""Claims of named requests, written and read back."""

from collections.abc import Iterator, Sequence

import numpy as np

from services.aggregator.adapters.clickhouse import native
from services.aggregator.adapters.clickhouse.engines import Engine
from services.aggregator.adapters.clickhouse.native import Column
from services.aggregator.adapters.clickhouse.statements import Statement
from services.aggregator.ports.claims import ID_BYTES, Claim, ClaimHistory, ClaimRun

HOUR_US = 3_600_000_000

_NEWEST = Statement("SELECT toUnixTimestamp64Micro(max(claimed)) FROM claims")
_SINCE = "claimed >= fromUnixTimestamp64Micro({since:Int64})"
_HOUR = f"intDiv(toUnixTimestamp64Micro(claimed), {HOUR_US})"
_HOURS = f"SELECT {_HOUR} AS hour, count() FROM claims WHERE {_SINCE} GROUP BY hour ORDER BY hour DESC"
_IDS = (
    "SELECT id FROM (SELECT id, claimed FROM claims"
    f" WHERE {_SINCE} AND claimed < fromUnixTimestamp64Micro({{until:Int64}})"
    " ORDER BY claimed DESC LIMIT {most:UInt64}) ORDER BY id"
)
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
        from_us = hour * HOUR_US
        bounds = {"since": max(from_us, since_us), "until": from_us + HOUR_US, "most": most}
        ids = np.frombuffer(engine.query_bytes(Statement(_IDS, bounds), "RowBinary"), f"S{ID_BYTES}")
        yield ClaimRun(from_us, ids)
        most -= count
