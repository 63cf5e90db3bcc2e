"""What there is to ask for: metrics, series, labels and their values."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.core.matching import Matcher


class SearchMode(enum.Enum):
    """How a name is compared: holds the text, begins with it, or is roughly like it."""

    SUBSTRING = "substring"
    PREFIX = "prefix"
    FUZZY = "fuzzy"


@dataclass(frozen=True, slots=True)
class Search:
    """A text to find in names; an empty one finds all."""

    text: str = ""
    mode: SearchMode = SearchMode.SUBSTRING


@dataclass(frozen=True, slots=True)
class Selection:
    """Series that match, of those with data in `[from_us, to_us)` where given; microseconds since the Unix epoch."""

    matchers: Sequence[Matcher] = ()
    range_us: tuple[int, int] | None = None


Ranked = tuple[int, str]
"""How badly a name matches a search, and the name; lists are in rising order of it."""


@dataclass(frozen=True, slots=True)
class MetricEntry:
    """All series of one name; times in microseconds since the Unix epoch."""

    rank: int
    name: str
    kinds: Sequence[int]
    units: Sequence[str]
    series: int
    labels: Sequence[str]
    first_seen_us: int
    last_seen_us: int


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """One series; times in microseconds since the Unix epoch."""

    id: int
    name: str
    labels: Mapping[str, str]
    kind: int
    unit: str
    first_seen_us: int
    last_seen_us: int


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """A label: how many values it has, and how many series have it."""

    name: str
    values: int
    series: int


@dataclass(frozen=True, slots=True)
class ValueEntry:
    """A value of a label, and how many series have it."""

    rank: int
    value: str
    series: int


@dataclass(frozen=True, slots=True)
class Cardinality:
    """What the number of series is made of, each list the largest first; pairs are of label, value and series."""

    series: int
    metrics: int
    top_metrics: Sequence[tuple[str, int]]
    top_labels: Sequence[LabelEntry]
    top_pairs: Sequence[tuple[str, str, int]]


class Catalog(Protocol):
    """Answers what there is. Every method raises what a Reader raises."""

    async def metrics(
        self, tenant: str, search: Search, limit: int, after: Ranked | None = None, names: Sequence[str] = ()
    ) -> Sequence[MetricEntry]:
        """Metrics in order of rank and name, at most `limit`, all `after` a place; of `names` alone where given."""
        ...

    async def series(
        self, tenant: str, selection: Selection, limit: int, after: tuple[str, int] | None = None
    ) -> Sequence[SeriesEntry]:
        """Series in order of name and id, at most `limit`, all `after` a name and id."""
        ...

    async def labels(self, tenant: str, selection: Selection, limit: int) -> Sequence[LabelEntry]:
        """Labels by name, the name of the metric among them, at most `limit`."""
        ...

    async def values(
        self, tenant: str, label: str, selection: Selection, search: Search, limit: int, after: Ranked | None = None
    ) -> Sequence[ValueEntry]:
        """Values of a label in order of rank and value, at most `limit`, all `after` a place."""
        ...

    async def cardinality(self, tenant: str, limit: int) -> Cardinality:
        """What the number of series is made of, each list at most `limit` long."""
        ...
