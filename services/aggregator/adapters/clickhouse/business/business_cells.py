"""Alike events as cells: one reading of each event's attributes serves all figures."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import (
    LARGEST_AMOUNT,
    MILLIONTHS,
    Bindings,
    step_of,
    within,
)
from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.business import Cell, Period, Sum

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


def cells_query(tenant: str, period: Period, types: Sequence[str]) -> TenantQuery:
    """The cells of a period; by one reading those of each step too, without their keys."""
    bound = Bindings()
    step = step_of(bound, period.starts) if period.starts else "0"
    read = TenantQuery(
        tenant,
        "events",
        (f"{step} AS step", "type", f"JSONExtract(data, 'Tuple({_SHAPE})') AS told"),
        (*within(bound, period.from_us, period.to_us), f"type IN {bound.texts(types)}"),
        bound.values,
    )
    alike = TenantQuery(
        tenant,
        read,
        (
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
    both = "GROUPING SETS ((type, key, second, currency), (step, type, currency))"
    return TenantQuery(tenant, alike, columns, group_by=both if period.starts else "step, type, key, second, currency")


def cell(row: Row) -> Cell:
    """A row of a query for cells."""
    step, kind, key, second, currency, count, failed, *sums, largest = row
    amount, other, third = (Sum(int(sums[at] or 0), sums[at + 1]) for at in (0, 2, 4))
    return Cell(step, kind, key, second, currency, count, failed, amount, other, third, int(largest or 0))
