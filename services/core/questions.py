"""Questions about time series. They mirror `binnacle.query.v1`, which explains each field."""

from dataclasses import dataclass
from typing import Literal

from services.core.matching import Matcher

Function = Literal["average", "sum", "minimum", "maximum", "last", "count", "rate", "increase", "quantile", "distinct"]
Aggregation = Literal["average", "sum", "minimum", "maximum", "count", "quantile"]
Fill = Literal["none", "null", "zero", "previous", "linear"]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Several series as one: labels `by` stay, or labels `without` go."""

    aggregation: Aggregation = "average"
    quantile: float = 0.0
    by: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """Series, what is made of each within `window` (None: as long as the step), and of all of them together."""

    metric: str
    matchers: tuple[Matcher, ...] = ()
    function: Function = "average"
    quantile: float = 0.0
    window: float | None = None
    offset: float = 0.0
    grouping: Grouping | None = None


Operand = str | float
"""The name of an expression, or a number."""


@dataclass(frozen=True, slots=True)
class Calculation:
    """An arithmetic operation at each step."""

    left: Operand
    operator: Literal["add", "subtract", "multiply", "divide"]
    right: Operand


@dataclass(frozen=True, slots=True)
class Ranking:
    """How many series to keep: those with the greatest, or least, mean."""

    count: int
    lowest: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """What one expression gives for each step."""

    name: str
    source: Selection | Calculation
    ranking: Ranking | None = None
    fill: Fill = "none"
    hidden: bool = False
