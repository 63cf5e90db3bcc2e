"""Finding the points of a request that break a rule, column by column."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.collector.domain.columns import Mask, Times
from services.core.errors import Violation

FIRST = 10
"""How many faults an answer names."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Points that will not be kept: how many, and the first of them by name."""

    count: int = 0
    first: tuple[Violation, ...] = ()


NONE_REFUSED = Refused()


class Inspection:
    """Collects the faulty rows of one request. Each row is reported for its first fault only."""

    def __init__(self, rows: int, name: Callable[[int, str], str]) -> None:
        self._name = name
        self._bad: Mask = np.zeros(rows, dtype=np.bool_)
        self._found: list[tuple[int, str, str]] = []

    def fault(self, row: int, field: str, description: str) -> None:
        """One row breaks a rule."""
        if not self._bad[row]:
            self._bad[row] = True
            self._found.append((row, self._name(row, field), description))

    def faults(self, mask: Mask, field: str, description: str) -> None:
        """Every row in `mask` breaks the same rule."""
        self.faults_by(mask, lambda row: (self._name(row, field), description))

    def faults_by(self, mask: Mask, describe: Callable[[int], tuple[str, str]]) -> None:
        """Every row in `mask` breaks a rule of its own; `describe` gives the full name of the field and the rule."""
        if not mask.any():
            return
        fresh = np.flatnonzero(mask & ~self._bad)
        self._bad |= mask
        self._found.extend((int(row), *describe(int(row))) for row in fresh[:FIRST])

    def texts(self, column: Sequence[str], good: Callable[[str], object], field: str, description: str) -> None:
        """Every text must be good. Each distinct text is judged once, since most columns repeat a few."""
        bad = {text for text in set(column) if not good(text)}
        if bad:
            self.faults(np.fromiter((text in bad for text in column), np.bool_, len(column)), field, description)

    def times(self, times: Times, now: float, skew_seconds: float, per_second: int) -> None:
        """Every time must lie within the clock skew; `per_second` is the unit of the column."""
        low, high = (int((now + side * skew_seconds) * per_second) for side in (-1, 1))
        if not len(times) or (times.min() >= low and times.max() <= high):
            return
        hours = f"{skew_seconds / 3600:g}"
        self.faults((times < low) | (times > high), "time", f"must be within {hours} hours of now")

    @property
    def keep(self) -> Mask | None:
        """The rows to keep; None when all of them are."""
        return ~self._bad if self._bad.any() else None

    def refused(self, undecodable: Refused = NONE_REFUSED) -> Refused:
        """The outcome, with what could not even be decoded before it."""
        found = [Violation(field, description) for _row, field, description in sorted(self._found)]
        return Refused(undecodable.count + int(self._bad.sum()), (*undecodable.first, *found)[:FIRST])
