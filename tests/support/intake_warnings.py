"""Records that tell of refusals, as a collector writes them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from binnacle.journal.v1 import journal_pb2
from tests.support.journals import NOW


class Refusals(NamedTuple):
    """Refusals that are alike; times in seconds since the Unix epoch."""

    kind: str = "events"
    field: str = "events.type"
    reason: str = "rule"
    description: str = "must be 1 to 100 characters"
    source: str = "shop"
    sample: str = ""
    points: int = 1
    first: float = NOW
    last: float = NOW


def warning_record(rows: Sequence[Refusals], tenant: str = "default") -> journal_pb2.Record:
    """A record of one tenant."""
    made = journal_pb2.Record(tenant=tenant, accepted_time_unix_us=round(NOW * 1e6))
    block = made.warnings
    block.kinds.extend(row.kind for row in rows)
    block.fields.extend(row.field for row in rows)
    block.reasons.extend(row.reason for row in rows)
    block.descriptions.extend(row.description for row in rows)
    block.sources.extend(row.source for row in rows)
    block.samples.extend(row.sample for row in rows)
    block.counts = np.array([row.points for row in rows], "<u8").tobytes()
    block.first_times_unix_us = np.array([round(row.first * 1e6) for row in rows], "<i8").tobytes()
    block.last_times_unix_us = np.array([round(row.last * 1e6) for row in rows], "<i8").tobytes()
    return made
