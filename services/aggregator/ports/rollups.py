"""Roll-ups: one row for each series and each minute, hour and day, made again from what is stored when that changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

MINUTE = 60
HOUR = 3_600
DAY = 86_400
TIERS = (MINUTE, HOUR, DAY)
"""Seconds of a bucket; each tier is made of the one before it, minutes of samples."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of time of one tenant: `tier` seconds from `start`, a multiple of them since the Unix epoch."""

    tenant: str
    tier: int
    start: int


@dataclass(frozen=True, slots=True)
class RolledUp:
    """What the samples of one series within one bucket come to; `last` is the value of the newest."""

    series_id: int
    start: int
    count: int
    sum: float
    min: float
    max: float
    last: float

    def followed_by(self, later: "RolledUp") -> "RolledUp":
        """This bucket together with what came later in it."""
        return RolledUp(
            self.series_id,
            self.start,
            self.count + later.count,
            self.sum + later.sum,
            min(self.min, later.min),
            max(self.max, later.max),
            later.last,
        )


class RollUpStore(Protocol):
    """Keeps roll-ups beside the samples they are made of. Every method raises Unavailable as those of Store."""

    async def outdated_buckets(self) -> Sequence[Bucket]:
        """Buckets of which a committed segment has changed the contents since they were last rolled up."""
        ...

    async def roll_up(self, tenant: str, tier: int, starts: Sequence[int]) -> None:
        """Make the rows of a tenant's buckets again, all within one day where they are minutes.

        The hours or days they belong to are outdated then. A call that failed or was killed half-way is repeated.
        """
        ...

    async def rolled_up(
        self, tenant: str, tier: int, series_ids: Sequence[int], from_second: int, to_second: int
    ) -> Sequence[RolledUp]:
        """Rows of series whose bucket starts within `[from_second, to_second)`, by series and time.

        Sums that were imported are part of them; within a bucket they precede what is rolled up.
        """
        ...
