"""Which series a tenant has, in memory: found by their labels without asking the store."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.series.across import Groups, grouped_by
from services.aggregator.domain.series.question import NAME_LABEL, Grouping, Labels, Matching
from services.aggregator.ports.records import Ids, Series
from services.aggregator.ports.store import Segment
from services.core.clock import Clock
from services.core.errors import InvalidInput

MAX_SERIES = 20_000
REMEMBERED = 200
FRESH_SECONDS = 0.3

Expressions = Callable[[str, Sequence[str]], npt.NDArray[np.bool_]]
"""Which texts match a regular expression as a whole. Raises InvalidInput for one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Found:
    """Series that match, ordered by their labels."""

    series: Sequence[Series]
    ids: Ids
    labels: Sequence[Labels]
    kinds: npt.NDArray[np.uint8]
    groups: dict[Grouping, Groups] = field(default_factory=dict)

    def grouped(self, grouping: Grouping) -> Groups:
        """The series in groups; worked out once."""
        if grouping not in self.groups:
            self.groups[grouping] = grouped_by(self.labels, grouping)
        return self.groups[grouping]

    def part(self, places: npt.NDArray[np.intp]) -> "Found":
        """Some of them."""
        chosen = places.tolist()
        return Found(
            [self.series[place] for place in chosen],
            self.ids[places],
            [self.labels[place] for place in chosen],
            self.kinds[places],
        )


NO_SERIES = Found((), np.empty(0, np.uint64), (), np.empty(0, np.uint8))


class TenantSeries:
    """The series of one tenant."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions
        self._known: dict[int, Series] = {}
        self._by_name: dict[str, dict[int, Series]] = {}
        self._found: OrderedDict[tuple[Matching, ...], tuple[int, Found]] = OrderedDict()
        self._ids: Ids | None = None
        self._version = 0
        self._lock = threading.Lock()
        self.loaded = False
        self.loaded_at = 0.0

    def __len__(self) -> int:
        return len(self._known)

    @property
    def ids(self) -> Ids:
        """Of all series, in rising order."""
        with self._lock:
            if self._ids is None:
                self._ids = np.sort(np.fromiter(self._known, np.uint64, len(self._known)))
            return self._ids

    def add(self, series: Sequence[Series]) -> None:
        """Take in series, known ones too."""
        with self._lock:
            self._add(series)

    def _add(self, series: Sequence[Series]) -> None:
        for one in series:
            former = self._known.get(one.id)
            if former is None or (former.labels, former.name, former.kind) != (one.labels, one.name, one.kind):
                self._known[one.id] = one
                self._ids = None
                self._by_name.setdefault(one.name, {})[one.id] = one
                self._version += 1

    def find(self, matchings: tuple[Matching, ...], most: int = MAX_SERIES) -> Found:
        """The series for which all conditions hold. Raises InvalidInput when they are too many."""
        with self._lock:
            found = self._find(matchings)
        if len(found.series) > most:
            raise InvalidInput.of(
                "query.expressions", f"{len(found.series):,} series match, more than {most:,}: say more about them"
            )
        return found

    def _find(self, matchings: tuple[Matching, ...]) -> Found:
        version, found = self._found.get(matchings, (-1, None))
        if found is not None and version == self._version:
            self._found.move_to_end(matchings)
            return found
        found = self._search(matchings)
        if len(found.series) <= MAX_SERIES:
            self._found[matchings] = (self._version, found)
            self._found.move_to_end(matchings)
            if len(self._found) > REMEMBERED:
                self._found.popitem(last=False)
        return found

    def _search(self, matchings: tuple[Matching, ...]) -> Found:
        names = list(self._by_name)
        for matching in matchings:
            if matching.label == NAME_LABEL:
                names = [name for name, holds in zip(names, self._holds(matching, names), strict=True) if holds]
        series = [one for name in names for one in self._by_name[name].values()]
        for matching in matchings:
            if matching.label != NAME_LABEL and series:
                series = self._kept(series, matching)
        return _found(series)

    def _kept(self, series: list[Series], matching: Matching) -> list[Series]:
        values = [one.labels.get(matching.label, "") for one in series]
        distinct = list(dict.fromkeys(values))
        kept = {value for value, holds in zip(distinct, self._holds(matching, distinct), strict=True) if holds}
        return [one for one, value in zip(series, values, strict=True) if value in kept]

    def _holds(self, matching: Matching, values: Sequence[str]) -> Sequence[bool]:
        match matching.comparison:
            case "=":
                return [value == matching.value for value in values]
            case "!=":
                return [value != matching.value for value in values]
        matches = self._expressions(matching.value, values)
        told: list[bool] = (matches if matching.comparison == "=~" else ~matches).tolist()
        return told


def _found(series: list[Series]) -> Found:
    labelled = [({NAME_LABEL: one.name, **one.labels}, one) for one in series]
    labelled.sort(key=lambda each: tuple(sorted(each[0].items())))
    ordered = [one for _labels, one in labelled]
    return Found(
        ordered,
        np.array([one.id for one in ordered], np.uint64),
        [labels for labels, _one in labelled],
        np.array([one.kind for one in ordered], np.uint8),
    )


class SeriesIndex:
    """The series of every tenant that was asked about. A CommitListener; may be used by several threads."""

    def __init__(self, expressions: Expressions, clock: Clock) -> None:
        self._expressions = expressions
        self._clock = clock
        self._tenants: dict[str, TenantSeries] = {}
        self._lock = threading.Lock()
        self._alone = False

    def opened(self, outdated: Sequence[tuple[str, int, int]], alone: bool) -> None:
        self._alone = alone

    def before(self, segment: Segment) -> None:
        """Series count once they are stored."""

    def after(self, segment: Segment, revision: int, done: bool) -> None:
        with self._lock:
            for record in segment.records:
                if record.series and record.tenant in self._tenants:
                    self._tenants[record.tenant].add(record.series)

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        """Series are not rolled up."""

    def of(self, tenant: str) -> TenantSeries | None:
        """The series of a tenant; None when they have to be read first, or may have grown elsewhere."""
        with self._lock:
            known = self._tenants.get(tenant)
        if known is None or not known.loaded:
            return None
        if not self._alone and self._clock.monotonic() - known.loaded_at > FRESH_SECONDS:
            return None
        return known

    def expect(self, tenant: str) -> None:
        """Series stored from now on are to be known."""
        with self._lock:
            self._tenants.setdefault(tenant, TenantSeries(self._expressions))

    def read(self, tenant: str, series: Sequence[Series]) -> TenantSeries:
        """The series the store has, `expect` having been called before it was asked."""
        with self._lock:
            known = self._tenants[tenant]
            known.add(series)
            known.loaded, known.loaded_at = True, self._clock.monotonic()
            return known

    def forget(self, tenant: str) -> None:
        """Read a tenant's series anew: some were deleted."""
        with self._lock:
            self._tenants.pop(tenant, None)
