"""Finding the points of a request that break a rule, column by column."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.collector.domain.columns import Mask, Rows, Times
from services.collector.domain.evidence import Witness
from services.collector.domain.refusals import Refusal, Tally
from services.core.errors import InvalidInput, Violation

FIRST = 10
"""How many faults an answer names."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Points that will not be kept: how many, and the first of them by name."""

    count: int = 0
    first: tuple[Violation, ...] = ()


NONE_REFUSED = Refused()

RULE = "rule"
"""Word for the refusal of a field that breaks its rule."""
NAMED = 1_000
"""Faults of one rule that are looked at one by one where each has words of its own."""


class PointsRefused(InvalidInput):
    """Points of a request were refused, and are noted already; raised where an answer cannot say so otherwise."""


NO_ROWS: Rows = np.empty(0, dtype=np.intp)


class Inspection:
    """Collects the faulty rows of one request. Each row is reported for its first fault only."""

    def __init__(self, rows: int, name: Callable[[int, str], str]) -> None:
        self._name = name
        self._bad: Mask = np.zeros(rows, dtype=np.bool_)
        self._found: list[tuple[int, str, str]] = []
        self._counts: Counter[Refusal] = Counter()
        self._rows: dict[Refusal, int] = {}

    def fault(self, row: int, field: str, description: str) -> None:
        """One row breaks a rule."""
        if not self._bad[row]:
            self._bad[row] = True
            name = self._name(row, field)
            self._found.append((row, name, description))
            self._count(RULE, name, description, row, 1)

    def faults(self, mask: Mask, field: str, description: str, reason: str = RULE) -> None:
        """Every row in `mask` breaks the same rule; `reason` is the word that warnings and counters know it by."""
        rows = self._mark(mask)
        if len(rows):
            self._found.extend((row, self._name(row, field), description) for row in rows[:FIRST].tolist())
            first = int(rows[0])
            self._count(reason, self._name(first, field), description, first, len(rows))

    def faults_by(self, mask: Mask, describe: Callable[[int], tuple[str, str]], reason: str = RULE) -> None:
        """Every row in `mask` breaks a rule of its own; `describe` gives the full name of the field and the rule."""
        rows = self._mark(mask)
        named = [(row, *describe(row)) for row in rows[:NAMED].tolist()]
        self._found.extend(named[:FIRST])
        for row, field, description in named:
            self._count(reason, field, description, row, 1)
        if len(rows) > NAMED:
            row, field, description = named[-1]
            self._count(reason, field, description, row, len(rows) - NAMED)

    def _mark(self, mask: Mask) -> Rows:
        """Note rows as faulty; those that were not before."""
        if not mask.any():
            return NO_ROWS
        fresh = np.flatnonzero(mask & ~self._bad)
        self._bad |= mask
        return fresh

    def _count(self, reason: str, field: str, description: str, row: int, count: int) -> None:
        refusal = Refusal.of(reason, field, description)
        self._counts[refusal] += count
        self._rows.setdefault(refusal, row)

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
        outside = (times < low) | (times > high)
        self.faults(outside, "time", f"must be within {hours} hours of now", "clock_skew")

    @property
    def keep(self) -> Mask | None:
        """The rows to keep; None when all of them are."""
        return ~self._bad if self._bad.any() else None

    def refused(self, undecodable: Refused = NONE_REFUSED) -> Refused:
        """The outcome, with what could not even be decoded before it."""
        found = [Violation(field, description) for _row, field, description in sorted(self._found)]
        return Refused(undecodable.count + int(self._bad.sum()), (*undecodable.first, *found)[:FIRST])

    def tallies(self, witness: Witness, undecodable: Refused = NONE_REFUSED) -> list[Tally]:
        """What was refused and how often, with what one of each kind held."""
        counted = [Tally(refusal, count, witness(self._rows[refusal])) for refusal, count in self._counts.items()]
        return [*counted, *undecodable_tallies(undecodable)]


def undecodable_tallies(refused: Refused) -> list[Tally]:
    """Points without a row; those that an answer does not name are counted with the last that it does."""
    tallies = [Tally(Refusal.of(RULE, fault.field, fault.description), 1) for fault in refused.first]
    if refused.count > len(tallies) > 0:
        last = tallies[-1]
        tallies.append(Tally(last.refusal, refused.count - len(tallies)))
    return tallies
