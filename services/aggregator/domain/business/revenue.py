"""Revenue of several periods up to now, each beside the one before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

from services.aggregator.domain.business.business_sums import Revenue, count, revenue
from services.aggregator.domain.ranges.periods import LENGTHS, MINUTE
from services.aggregator.domain.ranges.ranges import MICRO
from services.aggregator.ports.business import BusinessReader, Cell, Period, RevenueSample
from services.core.clock import Clock
from services.core.conventions import PURCHASE_EVENT

# So long events are kept: what was before the longest period is not known.
KEPT_SECONDS = max(seconds for seconds, _step in LENGTHS.values())


@dataclass(frozen=True, slots=True)
class Change:
    """Revenue in one currency; `earlier` is that of the period before, None where nothing of it is kept."""

    now: Revenue
    earlier: float | None

    @property
    def percent(self) -> float | None:
        """What it has grown by; None where there was none."""
        return 100.0 * (self.now.amount - self.earlier) / self.earlier if self.earlier else None


@dataclass(frozen=True, slots=True)
class RevenuePeriod:
    """Revenue from second `start` on, largest first."""

    name: str
    start: int
    changes: Sequence[Change]
    purchases: int


class RevenuePeriods:
    """Answers what was earned, in one reading of the longest period."""

    def __init__(self, reader: BusinessReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def until(self, tenant: str, end: int) -> list[RevenuePeriod]:
        """All periods that end with second `end`, not within."""
        lengths = {seconds: name for name, (seconds, _step) in LENGTHS.items()}
        # From whole minutes on.
        first = end // MINUTE * MINUTE
        marks = {first - times * seconds for seconds in lengths for times in (1, 2)}
        starts = sorted(mark for mark in marks if mark >= first - KEPT_SECONDS)
        read = Period(starts[0] * MICRO, end * MICRO, starts)
        cells = [cell for cell in await self._reader.cells(tenant, read, (PURCHASE_EVENT,)) if cell.step]
        samples = await self._reader.revenue(tenant, read, int(self._clock.now() * MICRO))
        return [_period(name, first - seconds, seconds, cells, samples) for seconds, name in sorted(lengths.items())]


def _period(
    name: str, start: int, seconds: int, cells: Sequence[Cell], samples: Sequence[RevenueSample]
) -> RevenuePeriod:
    theirs = [cell for cell in cells if cell.step >= start]
    found = revenue(_alike(theirs), [sample for sample in samples if sample.step >= start])
    known = seconds < KEPT_SECONDS
    earlier = {
        one.currency: one.amount
        for one in revenue(
            _alike([cell for cell in cells if start - seconds <= cell.step < start]),
            [sample for sample in samples if start - seconds <= sample.step < start],
        )
    }
    changes = [Change(one, earlier.get(one.currency, 0.0) if known else None) for one in found]
    return RevenuePeriod(name, start, changes, count(theirs))


def _alike(cells: Sequence[Cell]) -> list[Cell]:
    """One cell for each currency."""
    by_currency: dict[str, list[Cell]] = {}
    for cell in cells:
        by_currency.setdefault(cell.currency, []).append(cell)
    return [reduce(_together, theirs) for theirs in by_currency.values()]


def _together(one: Cell, other: Cell) -> Cell:
    return replace(
        one,
        count=one.count + other.count,
        amount=one.amount + other.amount,
        largest=max(one.largest, other.largest),
    )
