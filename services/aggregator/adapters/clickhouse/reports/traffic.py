"""Traffic from the table of signals; whole hours of a long range from sums that its parts carry along."""

import asyncio
from collections.abc import Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.traffic import TrafficQuestion, TrafficRow

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


class ClickHouseTraffic:
    """See ports/traffic.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def traffic(self, tenant: str, question: TrafficQuestion) -> Sequence[TrafficRow]:
        queries = [_query(tenant, question, *stretch) for stretch in _stretches(question)]
        answers = await asyncio.gather(*(self._reader.rows(query) for query in queries))
        return [_row(cells) for rows in answers for cells in rows]


def _stretches(question: TrafficQuestion) -> list[tuple[int, int, str]]:
    """The range in parts, and the column that tells the time within each."""
    first, end = question.from_second, question.to_second
    from_hour, to_hour = -(-first // HOUR) * HOUR, end // HOUR * HOUR
    by_hour = question.bucket_seconds is None or question.bucket_seconds % HOUR == 0
    if not by_hour or to_hour - from_hour < _WORTH_HOURS * HOUR:
        return [(first, end, _SECOND)]
    parts = [(first, from_hour, _SECOND), (from_hour, to_hour, _HOUR), (to_hour, end, _SECOND)]
    return [part for part in parts if part[0] < part[1]]


def _query(tenant: str, question: TrafficQuestion, first: int, end: int, time: str) -> TenantQuery:
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
    words = [name if name in question.groups else "''" for name in ("service", "endpoint")]
    groups = [*question.groups, *([stretch] if question.bucket_seconds is not None else [])]
    return TenantQuery(
        tenant, "signals", (*words, stretch, *_SUMS), tuple(where), parameters, group_by=", ".join(groups)
    )


def _row(cells: list[Any]) -> TrafficRow:
    return TrafficRow(*cells[:-1], *cells[-1])
