"""Which series have data in a range, and since when they have none: told by roll-ups, where there are some."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.statements import Join, TenantQuery, TenantTable, Union
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE

MICRO = 1_000_000
DISTRIBUTIONS: tuple[TenantTable, ...] = ("histograms", "exponential_histograms", "summaries")
# Roll-ups are dropped at these ages; a day less is sure to be there.
MINUTES_SECONDS = 29 * DAY
HOURS_SECONDS = 399 * DAY
BY_MINUTE_SECONDS = 6 * HOUR
# What is not rolled up yet; minutes are made within seconds, hours and days after they have ended.
UNROLLED_SECONDS = 2 * MINUTE
# How far back the newest data is looked for by minute, by hour, and by day.
_NEWEST: tuple[tuple[TenantTable, int | None], ...] = (
    ("rollup_minutes", 10 * MINUTE),
    ("rollup_hours", 25 * HOUR),
    ("rollup_days", None),
)
_TIERS: dict[int, TenantTable] = {MINUTE: "rollup_minutes", HOUR: "rollup_hours", DAY: "rollup_days"}


def active_series(tenant: str, range_us: tuple[int, int], now: float) -> TenantQuery:
    """The ids of series with data in a range, in the column `id`."""
    first, end = range_us[0] // MICRO, -(-range_us[1] // MICRO)
    parts = [_in_tier(tenant, tier, start, end) for tier, start in _tiers(first, end, now) if start < end]
    parts += [_in_times(tenant, table, first, end) for table in DISTRIBUTIONS]
    if end > now - UNROLLED_SECONDS:
        parts.append(_in_times(tenant, "samples", max(first, int(now) - UNROLLED_SECONDS), end))
    imported = ("toUnixTimestamp(bucket) + tier > {active_first:Int64}", "toUnixTimestamp(bucket) < {active_end:Int64}")
    parameters = {"active_first": first, "active_end": end}
    parts.append(TenantQuery(tenant, "imported_rollups", ("series_id AS id",), imported, parameters, group_by="id"))
    return TenantQuery(tenant, Union(tuple(parts)), ("id",), group_by="id")


def _tiers(first: int, end: int, now: float) -> list[tuple[int, int]]:
    """The tiers to look at, each from a second on: the cheapest that reaches back, finer ones for its end."""
    if end - first <= BY_MINUTE_SECONDS and first >= now - MINUTES_SECONDS:
        return [(MINUTE, first)]
    recent = [(MINUTE, max(first, int(now) - 2 * HOUR))]
    if first >= now - HOURS_SECONDS:
        return [(HOUR, first), *recent]
    return [(DAY, first), (HOUR, max(first, int(now) - 2 * DAY)), *recent]


def _in_tier(tenant: str, tier: int, first: int, end: int) -> TenantQuery:
    start, stop = first // tier * tier, end
    where = (f"bucket >= toDateTime({int(start)})", f"bucket < toDateTime({int(stop)})")
    return TenantQuery(tenant, _TIERS[tier], ("series_id AS id",), where, group_by="id")


def _in_times(tenant: str, table: TenantTable, first: int, end: int) -> TenantQuery:
    where = (f"time >= toDateTime({int(first)})", f"time < toDateTime({int(end)})")
    return TenantQuery(tenant, table, ("series_id AS id",), where, group_by="id")


def newest_of_series(tenant: str, ids: Sequence[int], now: float) -> TenantQuery:
    """Id and second of the newest data of each series; series without any are left out."""
    newest = _newest(tenant, ("series_id IN {newest_of:Array(UInt64)}",), {"newest_of": list(ids)}, now)
    return TenantQuery(tenant, newest, ("id", "max(newest)"), group_by="id")


def newest_of_metrics(tenant: str, names: Sequence[str], now: float) -> TenantQuery:
    """Name and second of the newest data of each metric; metrics without any are left out."""
    named = TenantQuery(
        tenant,
        "series",
        ("id", "any(name) AS metric"),
        ("name IN {newest_of:Array(String)}",),
        {"newest_of": list(names)},
        group_by="id",
    )
    newest = _newest(tenant, (), {}, now)
    return TenantQuery(
        tenant, newest, ("metric", "max(newest)"), group_by="metric", joins=(Join("INNER", named, "id"),)
    )


def _newest(tenant: str, where: tuple[str, ...], parameters: Mapping[str, Any], now: float) -> Union:
    """The columns `id` and `newest`, several rows of a series."""

    def part(table: TenantTable, time: str, since: int | None) -> TenantQuery:
        recent = (f"{time} >= toDateTime({int(now) - since})",) if since is not None else ()
        columns = ("series_id AS id", f"max(toUnixTimestamp({time})) AS newest")
        return TenantQuery(tenant, table, columns, (*where, *recent), parameters, group_by="id")

    parts = [part(table, "bucket", since) for table, since in _NEWEST]
    parts += [part("imported_rollups", "bucket", None), *(part(table, "time", None) for table in DISTRIBUTIONS)]
    return Union(tuple(parts))
