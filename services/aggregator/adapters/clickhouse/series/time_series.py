"""Samples, roll-ups and distributions of series, as columns."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from services.aggregator.adapters.clickhouse.engine import native_rows
from services.aggregator.adapters.clickhouse.engine.reader import Bounds, Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.series.distributions import (
    distributions_from,
    distributions_query,
    summaries_query,
)
from services.aggregator.adapters.clickhouse.storing.rollups import TABLES
from services.aggregator.adapters.clickhouse.storing.summed_minutes import SummedMinutes
from services.aggregator.domain.series.apart import apart
from services.aggregator.ports.records import Floats, Ids, Longs, SampleColumns, Series
from services.aggregator.ports.rollups import MINUTE, TIERS
from services.aggregator.ports.time_series import CellField, CellRows, DistributionRows, Fold, Function, StepRows
from services.core.errors import DeadlineExceeded, InvalidInput

MAX_ROWS = 10_000_000
_BOUNDS = Bounds(result_rows=MAX_ROWS, memory=2 << 30)
_SHORT_SECONDS = 2.0
_FEW_SERIES = 50
# As the view samples_values has it.
_VALUE = "if(exponent < 0, reinterpretAsFloat64(mantissa), mantissa / intExp10(exponent))"
_POWERS = np.array([10.0**n for n in range(19)])
_FOLDS: Mapping[Function, str] = {
    "average": "avg(value)",
    "sum": "sum(value)",
    "minimum": "min(value)",
    "maximum": "max(value)",
    "last": "argMax(value, (time, value))",
    "count": "toFloat64(count())",
    "distinct": "toFloat64(uniqExact(value))",
}
_FIELDS: tuple[CellField, ...] = ("count", "sum", "min", "max", "last")


class ClickHouseTimeSeries:
    """See ports/time_series.py for what each method promises."""

    def __init__(self, reader: Reader, summed: SummedMinutes) -> None:
        self._reader = reader
        self._summed = summed

    async def series(self, tenant: str) -> Sequence[Series]:
        newest = ("anyLast(name)", "anyLast(labels)", "anyLast(kind)", "anyLast(unit)")
        query = TenantQuery(tenant, "series", ("id", *newest), group_by="id")
        rows = await self._reader.rows(query, _BOUNDS)
        return [Series(identity, name, labels, kind, unit) for identity, name, labels, kind, unit in rows]

    async def samples(self, tenant: str, ids: Ids | None, from_ms: int, to_ms: int) -> SampleColumns:
        return await self._samples(tenant, (*_within(from_ms, to_ms), *_of(ids)), _bounds(ids))

    async def last(self, tenant: str, ids: Ids | None, from_ms: int, to_ms: int) -> SampleColumns:
        columns = ("series_id", "toInt64(max(toUnixTimestamp64Milli(time)))", "argMax(value, (time, value))")
        where = (*_within(from_ms, to_ms), "NOT isNaN(value)", *_of(ids))
        query = TenantQuery(tenant, "samples_values", columns, where, group_by="series_id")
        return SampleColumns(*await self._columns(query, ("UInt64", "Int64", "Float64"), _bounds(ids)))

    async def newest(self, tenant: str, from_ms: int, most: int) -> SampleColumns | None:
        bounds = Bounds(seconds=_SHORT_SECONDS, result_rows=most)
        try:
            return await self._samples(tenant, (_since(from_ms),), bounds)
        except (InvalidInput, DeadlineExceeded):
            return None

    async def neighbours(
        self, tenant: str, first: int, last: int, from_ms: int, to_ms: int, most: int
    ) -> SampleColumns | None:
        bounds = Bounds(seconds=_SHORT_SECONDS, result_rows=most, narrow=True)
        where = (*_within(from_ms, to_ms), f"series_id >= {int(first)} AND series_id <= {int(last)}")
        # Half the time goes into handing rows over: as few bytes of each as will do.
        columns = ("series_id", f"toUInt32(toUnixTimestamp64Milli(time) - {int(from_ms)})", _VALUE)
        query = TenantQuery(tenant, "samples", columns, where, keyed=True)
        try:
            ids, times, values = await self._columns(query, ("UInt64", "UInt32", "Float64"), bounds)
        except (InvalidInput, DeadlineExceeded):
            return None
        return SampleColumns(ids, times + np.int64(from_ms), values)

    async def _samples(self, tenant: str, where: tuple[str, ...], bounds: Bounds) -> SampleColumns:
        columns = ("series_id", "toUnixTimestamp64Milli(time)", "mantissa", "exponent")
        query = TenantQuery(tenant, "samples", columns, where, keyed=True)
        found = await self._columns(query, ("UInt64", "Int64", "Int64", "Int8"), bounds)
        values = await apart(len(found[0]), lambda: _values(found[2], found[3]))
        return SampleColumns(found[0], found[1], values)

    async def count(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> int:
        query = TenantQuery(tenant, "samples", ("count()",), (*_within(from_ms, to_ms), *_of(ids)))
        [[number]] = await self._reader.rows(query)
        return int(number)

    async def folded(self, tenant: str, ids: Ids | None, fold: Fold, step_ms: int, first: int, count: int) -> StepRows:
        value = _FOLDS.get(fold.function) or f"quantileExactInclusive({float(fold.quantile)!r})(value)"
        step = f"intDiv(toUnixTimestamp64Milli(time), {int(step_ms)})"
        where = (*_within(first * step_ms, (first + count) * step_ms), "NOT isNaN(value)", *_of(ids))
        columns = ("series_id", f"{step} AS step", value)
        query = TenantQuery(tenant, "samples_values", columns, where, group_by="series_id, step")
        return StepRows(*await self._columns(query, ("UInt64", "Int64", "Float64")))

    async def cells(
        self, tenant: str, tier: int, ids: Ids | None, from_s: int, to_s: int, fields: Sequence[CellField]
    ) -> CellRows:
        columns = (
            "series_id",
            "toInt64(toUnixTimestamp(bucket))",
            "revision",
            *(f"toFloat64({one})" for one in fields),
        )
        query = TenantQuery(tenant, TABLES[tier], columns, (*_between(from_s, to_s), *_of(ids)), keyed=True)
        kinds = ("UInt64", "Int64", "UInt64", *("Float64" for _one in fields))
        identities, starts, revisions, *values = await self._columns(query, kinds, _bounds(ids))
        return CellRows(identities, starts, revisions, dict(zip(fields, values, strict=True)))

    async def fresh(
        self, tenant: str, starts: Collection[int], fields: Sequence[CellField]
    ) -> tuple[CellRows | None, set[int]]:
        if not self._summed.has_some(tenant):
            return None, set()
        sums, known = await asyncio.to_thread(self._summed.known, tenant, starts)
        if sums is None:
            return None, known
        columns = {"count": sums.counts, "sum": sums.sums, "min": sums.least, "max": sums.greatest, "last": sums.last}
        told = {name: columns[name].astype(np.float64) for name in fields}
        return CellRows(sums.series_ids, sums.minutes * MINUTE, np.zeros(len(sums), np.uint64), told), known

    async def imported(self, tenant: str, tier: int, ids: Ids | None, from_s: int, to_s: int) -> CellRows:
        columns = (
            "series_id",
            "toInt64(toUnixTimestamp(bucket)) AS start",
            "toFloat64(sum(imported_rollups.count))",
            # Else some of them are told as what makes them, an aggregate function of numbers.
            "toFloat64(sum(imported_rollups.sum))",
            "toFloat64(min(imported_rollups.min))",
            "toFloat64(max(imported_rollups.max))",
            "toFloat64(max(newest).2)",
        )
        where = (f"tier = {int(tier)}", *_between(from_s, to_s), *_of(ids))
        query = TenantQuery(tenant, "imported_rollups", columns, where, group_by="series_id, start")
        found = await self._columns(query, ("UInt64", "Int64", *("Float64" for _one in _FIELDS)))
        return CellRows(
            found[0], found[1], np.zeros(len(found[0]), np.uint64), dict(zip(_FIELDS, found[2:], strict=True))
        )

    async def outdated(self, tenant: str, tier: int, from_s: int, to_s: int) -> Longs:
        shorter = ", ".join(str(each) for each in TIERS if each <= tier)
        query = TenantQuery(
            tenant,
            "rollup_marks",
            ("toInt64(toUnixTimestamp(bucket))",),
            (f"tier IN ({shorter})", *_between(from_s, to_s)),
            group_by="tier, bucket",
            having="max(disturbed) > max(rolled)",
        )
        [starts] = await self._columns(query, ("Int64",))
        return np.unique(starts // tier * tier)

    async def distributions(
        self, tenant: str, ids: Ids, exponential: bool, from_ms: int, to_ms: int
    ) -> DistributionRows:
        query, kinds = distributions_query(tenant, _of(ids), exponential, from_ms, to_ms)
        return distributions_from(await self._columns(query, kinds), exponential)

    async def summaries(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> tuple[SampleColumns, Floats]:
        query, kinds = summaries_query(tenant, _of(ids), from_ms, to_ms)
        identities, times, (lengths, quantiles), (_lengths, values) = await self._columns(query, kinds)
        return SampleColumns(np.repeat(identities, lengths), np.repeat(times, lengths), values), quantiles

    async def _columns(self, query: TenantQuery, kinds: Sequence[str], bounds: Bounds = _BOUNDS) -> list[Any]:
        body = await self._reader.body(query, "Native", bounds)
        return await apart(len(body) // 8, lambda: native_rows.columns(body, kinds))


def _values(mantissas: Longs, exponents: Any) -> Floats:
    """As the view samples_values has it; mostly all of one exponent."""
    values: Floats = mantissas / _POWERS[np.maximum(exponents, 0)]
    odd = exponents < 0
    if odd.any():
        values[odd] = mantissas[odd].view(np.float64)
    return values


def _bounds(ids: Ids | None) -> Bounds:
    return replace(_BOUNDS, narrow=ids is not None and len(ids) <= _FEW_SERIES)


def _of(ids: Ids | None) -> tuple[str, ...]:
    """Numbers are written into the statement: to hand over a list as a parameter takes longer than to read it."""
    return () if ids is None else (f"series_id IN ({', '.join(map(str, ids.tolist()))})",)


def _within(from_ms: int, to_ms: int) -> tuple[str, ...]:
    return (_since(from_ms), f"time < fromUnixTimestamp64Milli({to_ms})")


def _since(from_ms: int) -> str:
    return f"time >= fromUnixTimestamp64Milli({from_ms})"


def _between(from_s: int, to_s: int) -> tuple[str, ...]:
    return tuple(f"bucket {sign} toDateTime({int(second)}, 'UTC')" for sign, second in ((">=", from_s), ("<", to_s)))
