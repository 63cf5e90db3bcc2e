"""A question about time series, as validated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.aggregator.domain.series.grid import Grid
from services.aggregator.ports.time_series import Fold

NAME_LABEL = "__name__"
Comparison = Literal["=", "!=", "=~", "!~"]
Aggregation = Literal["average", "sum", "minimum", "maximum", "count", "quantile"]
Fill = Literal["none", "null", "zero", "previous", "linear"]
Arithmetic = Literal["+", "-", "*", "/"]
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Matching:
    """A condition on a label; one that a series lacks is empty."""

    label: str
    comparison: Comparison
    value: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """Series together that agree in labels `by`, or in all but `without` (and the name) where that is not None."""

    aggregation: Aggregation
    quantile: float = 0.0
    by: tuple[str, ...] = ()
    without: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Samples of series, what is made of each within windows, and of all together."""

    matchings: tuple[Matching, ...]
    fold: Fold
    window_ms: int | None = None
    offset_ms: int = 0
    grouping: Grouping | None = None


@dataclass(frozen=True, slots=True)
class Calculation:
    """An operation on former expressions (by name) and numbers."""

    left: str | float
    operator: Arithmetic
    right: str | float


@dataclass(frozen=True, slots=True)
class Ranking:
    """How many series to keep, of the greatest or the lowest mean."""

    count: int
    lowest: bool


@dataclass(frozen=True, slots=True)
class Expression:
    """A named part of a question."""

    name: str
    source: Selection | Calculation
    ranking: Ranking | None = None
    fill: Fill = "none"
    hidden: bool = False

    @property
    def uses(self) -> list[str]:
        """The expressions it is calculated from."""
        source = self.source
        sides = (source.left, source.right) if isinstance(source, Calculation) else ()
        return [side for side in sides if isinstance(side, str)]


@dataclass(frozen=True, slots=True)
class Question:
    """Expressions at the steps of a grid; with `envelope` also least and greatest."""

    expressions: tuple[Expression, ...]
    grid: Grid
    envelope: bool = False

    @property
    def selections(self) -> list[tuple[str, Selection]]:
        """The expressions that read something."""
        return [(each.name, each.source) for each in self.expressions if isinstance(each.source, Selection)]

    @property
    def refreshable(self) -> bool:
        """Whether what changed at some steps can be told without the others."""
        whole = any(each.ranking or each.fill in ("previous", "linear") for each in self.expressions)
        return not whole and not self.grid.instant
