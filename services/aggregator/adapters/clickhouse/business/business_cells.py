"""Alike events as cells: one reading of each event's attributes serves all figures."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import (
    LARGEST_AMOUNT,
    MICROS,
    MILLIONTHS,
    Bindings,
    within,
)
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import LARGEST, WHOLE, Groups, RowMerging
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.adapters.clickhouse.slices.steps import stretch_column
from services.aggregator.ports.business import Cell, Sum

_TEXTS = ("currency", "funnel", "feature", "status", "issue", "model", "provider", "success", "error")
_NUMBERS = ("total", "value", "credits", "amount", "tokens", "cost", "latency_ms", "results_count")
_SHAPE = ", ".join([*(f"{name} String" for name in _TEXTS), *(f"{name} Nullable(Float64)" for name in _NUMBERS)])
_SEARCH = "type IN ('search', 'visual_search')"
_KEY = (
    "multiIf(type = 'conversion', told.funnel, type = 'credits_used', told.feature, type = 'MessageSent',"
    " lowerUTF8(told.status), type = 'TicketCreated', told.issue, type = 'AIInteraction', told.model, '')"
)
_SECOND = "if(type = 'AIInteraction', told.provider, '')"
_CURRENCY = "if(type IN ('purchase', 'conversion', 'credits_purchased', 'AIInteraction'), upper(told.currency), '')"
_AMOUNT = (
    "multiIf(type = 'purchase', told.total, type = 'conversion', told.value, startsWith(type, 'credits_'),"
    f" told.credits, type = 'AIInteraction', told.tokens, {_SEARCH}, told.results_count, NULL)"
)
_OTHER = "multiIf(type = 'credits_purchased', told.amount, type = 'AIInteraction', told.cost, NULL)"
_THIRD = "if(type = 'AIInteraction', told.latency_ms, NULL)"
_FAILED = (
    "multiIf(type = 'MessageSent', lowerUTF8(told.status) = 'failed', type = 'AIInteraction',"
    " told.success = 'false' OR told.error NOT IN ('', 'false'),"
    f" {_SEARCH}, ifNull(told.results_count = 0, 0), 0)"
)
_SUMMED = {"amount": _AMOUNT, "other": _OTHER, "third": _THIRD}


def _millionths(number: str) -> str:
    return f"if(abs({number}) <= {LARGEST_AMOUNT:.0f}, toInt128(round({number} * {MILLIONTHS})), NULL)"


# Key: stretch, type, key, second and currency; figures: events, failed ones, three sums with how many told them, and
# the largest amount.
CELLS = RowMerging(5, (WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, LARGEST))


def cells_of(tenant: str, types: Sequence[str], stretch: int = 0) -> Sliced[Groups]:
    """The cells of some types, those of the whole under stretch 0; with a `stretch` of seconds those of each too,
    without their keys, by one reading.
    """

    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        read = TenantQuery(
            tenant,
            "events",
            (
                f"{place.format(MICROS)} AS part",
                f"{stretch_column(MICROS, stretch) if stretch else '0'} AS step",
                "type",
                f"JSONExtract(data, 'Tuple({_SHAPE})') AS told",
            ),
            (*within(bound, part.start_us, part.end_us), f"type IN {bound.texts(types)}"),
            bound.values,
        )
        alike = TenantQuery(
            tenant,
            read,
            (
                "part",
                "step",
                "type",
                f"{_KEY} AS key",
                f"{_SECOND} AS second",
                f"{_CURRENCY} AS currency",
                f"{_FAILED} AS failed",
                *(f"{_millionths(number)} AS {name}" for name, number in _SUMMED.items()),
            ),
        )
        columns = (
            "part",
            "step",
            "type",
            "key",
            "second",
            "currency",
            "count()",
            "sum(failed)",
            *(column for name in _SUMMED for column in (f"sum({name})", f"count({name})")),
            "max(amount)",
        )
        whole = "part, type, key, second, currency"
        both = f"GROUPING SETS (({whole}), (part, step, type, currency))" if stretch else f"{whole}, step"
        return TenantQuery(tenant, alike, columns, group_by=both)

    return Sliced("events", ask, CELLS)


def cells(groups: Groups) -> list[Cell]:
    """Cells from their groups, whose stretches are the starts of steps."""
    found = []
    for (step, kind, key, second, currency), (count, failed, *sums, largest) in groups.items():
        amount, other, third = (Sum(sums[at], sums[at + 1]) for at in (0, 2, 4))
        found.append(Cell(step, kind, key, second, currency, count, failed, amount, other, third, largest or 0))
    return found
