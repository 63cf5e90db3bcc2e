"""Who comes back."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who came first in the period begun at `start`; `returned[k]` of them were there k periods later."""

    start: int
    returned: Sequence[int]

    @property
    def users(self) -> int:
        """How many came."""
        return self.returned[0]


def cohorts(starts: Sequence[int], found: Sequence[tuple[int, int, int]]) -> list[Cohort]:
    """The cohorts that have anybody, oldest first; each up to the last of the periods."""
    counts = {(cohort, period): count for cohort, period, count in found}
    return [
        Cohort(start, [counts.get((start, period), 0) for period in starts[place:]])
        for place, start in enumerate(starts)
        if (start, start) in counts
    ]
