"""The steps of a question about time series."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.records import Floats, Longs
from services.core.errors import InvalidInput

MAX_STEPS = 50_000
SECOND = 1_000
_ROUND = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200)
_DAY = 86_400
_SMALLEST_MS = 10


@dataclass(frozen=True)
class Grid:
    """`count` steps of `step_ms`, the first beginning at `first_ms`, a multiple of them since the Unix epoch.

    With `step_ms` 0 one point at `first_ms`.
    """

    first_ms: int
    step_ms: int
    count: int

    @property
    def instant(self) -> bool:
        """Whether this is a single moment."""
        return self.step_ms == 0

    @cached_property
    def ends_ms(self) -> Longs:
        """Where the windows end."""
        return self.times_ms + self.step_ms

    @cached_property
    def times_ms(self) -> Longs:
        """What a client is told as the times of the values."""
        return self.first_ms + self.step_ms * np.arange(self.count, dtype=np.int64)

    @property
    def end_ms(self) -> int:
        """Where the last step ends."""
        return self.first_ms + self.step_ms * self.count

    def part(self, first: int, end: int) -> "Grid":
        """Steps `[first, end)` of these."""
        return Grid(self.first_ms + first * self.step_ms, self.step_ms, end - first)

    def earlier(self, by_ms: int) -> "Grid":
        """The same so much earlier; not on multiples of the step unless that is one."""
        return Grid(self.first_ms - by_ms, self.step_ms, self.count)


def stepped(start_ms: int, end_ms: int, step_ms: int) -> Grid:
    """Whole steps that cover a range. Raises InvalidInput for a step out of bounds, or too many of them."""
    if step_ms < _SMALLEST_MS:
        raise InvalidInput.of("query.step", f"must be {_SMALLEST_MS} ms or more")
    first, end = start_ms // step_ms, -(-end_ms // step_ms)
    if end - first > MAX_STEPS:
        raise InvalidInput.of("query.step", f"makes {end - first:,} steps of the range; at most {MAX_STEPS:,} may be")
    return Grid(first * step_ms, step_ms, end - first)


def round_step(start_ms: int, end_ms: int, most: int) -> int:
    """The shortest round step, in milliseconds, of which at most `most` lie in a range."""
    needed = max(1, -(-(end_ms - start_ms) // (most * SECOND)))
    for seconds in _ROUND:
        if seconds >= needed and _fits(start_ms, end_ms, seconds * SECOND, most):
            return seconds * SECOND
    days = -(-needed // _DAY)
    while not _fits(start_ms, end_ms, days * _DAY * SECOND, most) and most > 1:
        days += 1
    return days * _DAY * SECOND


def _fits(start_ms: int, end_ms: int, step_ms: int, most: int) -> bool:
    """Widened to whole steps a range may have one more than its length tells."""
    return -(-end_ms // step_ms) - start_ms // step_ms <= max(most, 2)


def runs(chosen: npt.NDArray[np.bool_], most: int) -> list[tuple[int, int]]:
    """Stretches `[first, end)` of true values; where there are more than `most`, nearer ones are taken together."""
    edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False)).tolist()
    stretches = list(zip(edges[::2], edges[1::2], strict=True))
    while len(stretches) > most:
        gaps = [right[0] - left[1] for left, right in pairwise(stretches)]
        at = int(np.argmin(gaps))
        stretches[at : at + 2] = [(stretches[at][0], stretches[at + 1][1])]
    return stretches


def joined(parts: list[Floats]) -> Floats:
    """Values of neighbouring parts of a grid side by side."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
