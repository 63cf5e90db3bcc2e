"""Gaps between heartbeats, and what probes say."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.reports.services import IN_RANGE, SEEN
from services.aggregator.ports.reliability import Life, Probe
from services.core.conventions import AGENT_KIND

# Each with the one after it.
_PAIRS = "arrayZip(arrayPopBack(times), arrayPopFront(times))"
_GAPS = f"arrayFilter(pair -> pair.2 - pair.1 > {{late_us:Int64}}, {_PAIRS})"
_FAILED = (
    "arrayMap(each -> (each.1, each.2), arrayFilter(each -> each.3 = 0,"
    " arrayZip(times, arrayPushBack(arrayPopFront(times), times[-1]), arrayMap(pair -> pair.2, pairs))))"
)


class ClickHouseReliability:
    """See ports/reliability.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def lives(self, tenant: str, from_us: int, to_us: int, late_us: int, service: str) -> Sequence[Life]:
        named = ("service = {service:String}",) if service else ()
        parameters = {"from_us": from_us, "to_us": to_us, "late_us": late_us, "agent": AGENT_KIND, "service": service}
        beats = TenantQuery(
            tenant,
            "heartbeats",
            ("service", f"arraySort(groupArray(toUnixTimestamp64Micro({SEEN}))) AS times"),
            (*IN_RANGE, "kind != {agent:String}", *named),
            parameters,
            group_by="service",
        )
        query = TenantQuery(tenant, beats, ("service", "times[1]", "times[-1]", _GAPS), (), parameters)
        return [
            Life(name, first, last, [(begin, end) for begin, end in gaps])
            for name, first, last, gaps in await self._reader.rows(query)
        ]

    async def probes(
        self, tenant: str, names: Sequence[str], from_us: int, to_us: int, late_us: int
    ) -> Sequence[Probe]:
        where = ("name IN {names:Array(String)}",)
        columns = ("id", "any(labels)")
        series = TenantQuery(tenant, "series", columns, where, {"names": list(names)}, group_by="id")
        labels: dict[int, dict[str, str]] = {row[0]: row[1] for row in await self._reader.rows(series)}
        if not labels:
            return []
        parameters = {"ids": list(labels), "from_us": from_us, "to_us": to_us, "late_us": late_us}
        values = TenantQuery(
            tenant,
            "samples_values",
            (
                "series_id",
                "arraySort(groupArray((toUnixTimestamp64Milli(time) * 1000, value))) AS pairs",
                "arrayMap(pair -> pair.1, pairs) AS times",
            ),
            ("series_id IN {ids:Array(UInt64)}", *IN_RANGE, "NOT isNaN(value)"),
            parameters,
            group_by="series_id",
        )
        query = TenantQuery(tenant, values, ("series_id", "times[1]", "times[-1]", _GAPS, _FAILED), (), parameters)
        return [
            Probe(labels[identity], first, last, [(a, b) for a, b in gaps], [(a, b) for a, b in failed])
            for identity, first, last, gaps, failed in await self._reader.rows(query)
        ]
