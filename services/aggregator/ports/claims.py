"""Which record of a named request is the one that counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ID_BYTES = 16

IdColumn = npt.NDArray[np.bytes_]
"""Ids of ID_BYTES each, in any order."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The place of the record that counts among all of one name; `id` stands for tenant and name.

    `claimed_us` (Unix microseconds) is when. Of several claims of one id the last in the log holds.
    """

    id: bytes
    journal_id: str
    offset: int
    claimed_us: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """How far the log of claims is known, and what `others` had claimed since; of one id the last holds."""

    position: int
    others: Sequence[Claim] = ()


@dataclass(frozen=True, slots=True)
class ClaimRun:
    """The ids that were claimed from a moment on."""

    from_us: int
    ids: IdColumn


@dataclass(frozen=True, slots=True)
class ClaimHistory:
    """What is remembered of claims: all ids, the oldest first, and the claims whose place is not committed yet.

    `position` is how far the log of claims was read. `newest_us` is the time of the newest claim; claims before
    `complete_from_us` were left out for want of room.
    """

    runs: Sequence[ClaimRun] = ()
    uncommitted: Sequence[Claim] = ()
    newest_us: int = 0
    position: int = 0
    complete_from_us: int = 0
