"""Increments of the metric `revenue`: from samples at both ends of a period, from its minutes in between."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import MILLIONTHS, Bindings, step_of
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.business import Period, RevenueSample
from services.core.conventions import CURRENCY_LABEL, REVENUE

MINUTE_US = 60_000_000
# Minutes older than this are taken as rolled up.
SETTLED_US = 60 * MINUTE_US
_COUNTER_KIND = 2


async def revenue_samples(reader: Reader, tenant: str, period: Period, now_us: int) -> Sequence[RevenueSample]:
    """See ports/business.py."""
    currencies = await _currencies(reader, tenant)
    if not currencies:
        return []
    ids = list(currencies)
    first = -(-period.from_us // MINUTE_US) * MINUTE_US
    settled = max(first, (min(period.to_us, now_us - SETTLED_US)) // MINUTE_US * MINUTE_US)
    queries = [
        _of_samples(tenant, ids, period, period.from_us, min(first, period.to_us)),
        _of_samples(tenant, ids, period, settled, period.to_us),
    ]
    if settled > first:
        queries += [_of_minutes(tenant, ids, period, first, settled, imported) for imported in (False, True)]
    found: dict[tuple[int, str], int] = {}
    for query in queries:
        for step, series_id, millionths in await reader.rows(query):
            key = (step, currencies[series_id])
            found[key] = found.get(key, 0) + int(millionths or 0)
    return [RevenueSample(step, currency, millionths) for (step, currency), millionths in sorted(found.items())]


async def _currencies(reader: Reader, tenant: str) -> dict[int, str]:
    """The series of the metric, running totals apart, with their currencies."""
    bound = Bindings()
    query = TenantQuery(
        tenant,
        "series",
        ("id", f"upper(any(labels)['{CURRENCY_LABEL}'])"),
        (f"name = {bound.text(REVENUE)}", f"kind != {_COUNTER_KIND}"),
        bound.values,
        group_by="id",
    )
    return {int(series_id): str(currency) for series_id, currency in await reader.rows(query)}


def _of_samples(tenant: str, ids: Sequence[int], period: Period, from_us: int, to_us: int) -> TenantQuery:
    bound = Bindings()
    step = step_of(bound, period.starts) if period.starts else "0"
    return TenantQuery(
        tenant,
        "samples_values",
        (f"{step} AS step", "series_id", f"sum(toInt128(round(value * {MILLIONTHS})))"),
        (
            f"series_id IN ({_listed(ids)})",
            # Samples are kept to the millisecond.
            f"time >= fromUnixTimestamp64Milli({bound.whole(-(-from_us // 1_000))})",
            f"time < fromUnixTimestamp64Milli({bound.whole(-(-to_us // 1_000))})",
            "isFinite(value)",
        ),
        bound.values,
        group_by="step, series_id",
    )


def _of_minutes(
    tenant: str, ids: Sequence[int], period: Period, from_us: int, to_us: int, imported: bool
) -> TenantQuery:
    bound = Bindings()
    step = step_of(bound, period.starts, "bucket") if period.starts else "0"
    minutes = TenantQuery(
        tenant,
        "imported_rollups" if imported else "rollup_minutes",
        ("series_id", "bucket", "sum AS total"),
        (
            *(("tier = 60",) if imported else ()),
            f"series_id IN ({_listed(ids)})",
            f"bucket >= toDateTime({bound.whole(from_us // 1_000_000)})",
            f"bucket < toDateTime({bound.whole(to_us // 1_000_000)})",
        ),
        bound.values,
        final=not imported,
    )
    return TenantQuery(
        tenant,
        minutes,
        (f"{step} AS step", "series_id", f"sum(toInt128(round(total * {MILLIONTHS})))"),
        parameters=bound.values,
        group_by="step, series_id",
    )


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids))
