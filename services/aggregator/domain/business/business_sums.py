"""Sums over cells, as business figures need them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.aggregator.ports.business import Cell, RevenueSample, Sum

MILLION = 1_000_000
Number = TypeVar("Number", int, float)

Amounts = Mapping[str, float]
"""Amounts by currency."""


@dataclass(frozen=True, slots=True)
class Revenue:
    """Revenue in one currency; `largest` of the orders."""

    currency: str
    from_purchases: float
    from_metric: float
    orders: int
    largest: float

    @property
    def amount(self) -> float:
        """All of it."""
        return self.from_purchases + self.from_metric

    @property
    def average_order(self) -> float:
        """Average total of the orders; 0 without any."""
        return self.from_purchases / self.orders if self.orders else 0.0


@dataclass(frozen=True, slots=True)
class ModelCalls:
    """Calls of one model, or of all."""

    model: str
    provider: str
    calls: int
    failed: int
    tokens: float
    cost: Amounts
    average_latency_ms: float


def by_type(cells: Sequence[Cell]) -> Callable[..., list[Cell]]:
    """Gives the cells of any types."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.type, []).append(cell)
    return lambda *types: [cell for name in types for cell in found.get(name, [])]


def count(cells: Sequence[Cell]) -> int:
    """Events."""
    return sum(cell.count for cell in cells)


def amount(cells: Sequence[Cell]) -> float:
    """Their amounts."""
    return sum((cell.amount for cell in cells), Sum()).amount


def others(cells: Sequence[Cell]) -> Amounts:
    """Their other amounts by currency, of those that told one."""
    found: dict[str, Sum] = {}
    for cell in cells:
        if cell.other.told:
            found[cell.currency] = found.get(cell.currency, Sum()) + cell.other
    return {currency: one.amount for currency, one in found.items()}


def totalled(pairs: Sequence[tuple[str, Number]], top: int) -> list[tuple[str, Number]]:
    """The sums by name, most first, at most `top`."""
    sums: dict[str, Number] = {}
    for name, number in pairs:
        sums[name] = sums[name] + number if name in sums else number
    return sorted(sums.items(), key=lambda each: (-each[1], each[0]))[:top]


def revenue(purchases: Sequence[Cell], samples: Sequence[RevenueSample]) -> list[Revenue]:
    """Revenue by currency, largest first."""
    metric: dict[str, int] = {}
    for sample in samples:
        metric[sample.currency] = metric.get(sample.currency, 0) + sample.millionths
    orders = {cell.currency: cell for cell in purchases if cell.amount.told}
    found = [
        Revenue(
            currency,
            orders[currency].amount.amount if currency in orders else 0.0,
            metric.get(currency, 0) / MILLION,
            orders[currency].amount.told if currency in orders else 0,
            orders[currency].largest / MILLION if currency in orders else 0.0,
        )
        for currency in {*metric, *orders}
    ]
    return sorted(found, key=lambda one: (-one.amount, one.currency))


def by_funnel(conversions: Sequence[Cell]) -> list[tuple[str, int, Amounts]]:
    """Conversions of each kind with their values by currency, most first."""
    kinds = totalled([(cell.key, cell.count) for cell in conversions], len(conversions))
    return [(name, times, _values([cell for cell in conversions if cell.key == name])) for name, times in kinds]


def _values(conversions: Sequence[Cell]) -> Amounts:
    return {cell.currency: cell.amount.amount for cell in conversions if cell.amount.told}


def model_calls(model: str, provider: str, cells: Sequence[Cell]) -> ModelCalls:
    """Calls of a model, or of all."""
    return ModelCalls(
        model,
        provider,
        count(cells),
        sum(cell.failed for cell in cells),
        amount(cells),
        others(cells),
        sum((cell.third for cell in cells), Sum()).average,
    )


def by_model(cells: Sequence[Cell], top: int) -> list[ModelCalls]:
    """Calls of each model and provider, most first."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.key, cell.second), []).append(cell)
    calls = [model_calls(*names, theirs) for names, theirs in found.items()]
    return sorted(calls, key=lambda one: (-one.calls, one.model, one.provider))[:top]
