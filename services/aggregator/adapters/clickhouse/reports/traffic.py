"""Traffic from the table of signals; whole hours of a long range from sums that its parts carry along."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.traffic import TrafficCounts, TrafficQuestion, TrafficRow

HOUR = 3_600
# Fewer whole hours are read as quickly second by second.
_WORTH_HOURS = 2
_SECOND, _HOUR = "second", "toStartOfHour(second)"
_SUMS = (
    "sum(requests)",
    "sum(errors)",
    "sum(latency_count)",
    "sum(latency_sum_ms)",
    "toUnixTimestamp(max(second))",
    "sumMap(latency_buckets, latency_bucket_counts)",
)
_COUNTS = ("sum(requests) AS asked", "sum(errors) AS failed")
# A row for each service and endpoint, not for each stretch.
_LISTS = ("of", "at", "groupArray(start)", "groupArray(asked)", "groupArray(failed)")


class ClickHouseTraffic:
    """See ports/traffic.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def traffic(self, tenant: str, question: TrafficQuestion) -> Sequence[TrafficRow]:
        queries = [_query(tenant, question, _SUMS, *stretch) for stretch in _stretches(question)]
        return [_row(cells) for cells in await self._rows(queries)]

    async def counts(self, tenant: str, question: TrafficQuestion) -> TrafficCounts:
        queries = [_query(tenant, question, _COUNTS, *stretch) for stretch in _stretches(question)]
        rows = await self._rows([TenantQuery(tenant, each, _LISTS, group_by="of, at") for each in queries])
        names = list(dict.fromkeys((row[0], row[1]) for row in rows))
        place = {name: number for number, name in enumerate(names)}
        places = np.array([place[row[0], row[1]] for row in rows], np.intp)
        starts, requests, errors = ([value for row in rows for value in row[column]] for column in (2, 3, 4))
        return TrafficCounts(
            names,
            np.repeat(places, [len(row[2]) for row in rows]),
            np.array(starts, np.int64),
            np.array(requests, np.float64),
            np.array(errors, np.float64),
        )

    async def _rows(self, queries: Sequence[TenantQuery]) -> list[Row]:
        answers = await asyncio.gather(*(self._reader.rows(query) for query in queries))
        return [row for rows in answers for row in rows]


def _stretches(question: TrafficQuestion) -> list[tuple[int, int, str]]:
    """The range in parts, and the column that tells the time within each."""
    first, end = question.from_second, question.to_second
    from_hour, to_hour = -(-first // HOUR) * HOUR, end // HOUR * HOUR
    by_hour = question.bucket_seconds is None or question.bucket_seconds % HOUR == 0
    if not by_hour or to_hour - from_hour < _WORTH_HOURS * HOUR:
        return [(first, end, _SECOND)]
    parts = [(first, from_hour, _SECOND), (from_hour, to_hour, _HOUR), (to_hour, end, _SECOND)]
    return [part for part in parts if part[0] < part[1]]


def _query(
    tenant: str, question: TrafficQuestion, figures: tuple[str, ...], first: int, end: int, time: str
) -> TenantQuery:
    parameters: dict[str, Any] = {"first": first, "end": end}
    where = [f"{time} >= toDateTime({{first:Int64}}, 'UTC')", f"{time} < toDateTime({{end:Int64}}, 'UTC')"]
    for name, word in (("service", question.service), ("endpoint", question.endpoint)):
        if word:
            where.append(f"{name} = {{{name}:String}}")
            parameters[name] = word
    stretch = "0"
    if question.bucket_seconds is not None:
        parameters["stretch"] = question.bucket_seconds
        stretch = f"intDiv(toUnixTimestamp({time}), {{stretch:Int64}}) * {{stretch:Int64}}"
    service, endpoint = (name if name in question.groups else "''" for name in ("service", "endpoint"))
    groups = [*question.groups, *([stretch] if question.bucket_seconds is not None else [])]
    columns = (f"{service} AS of", f"{endpoint} AS at", f"{stretch} AS start", *figures)
    return TenantQuery(tenant, "signals", columns, tuple(where), parameters, group_by=", ".join(groups))


def _row(cells: list[Any]) -> TrafficRow:
    return TrafficRow(*cells[:-1], *cells[-1])
