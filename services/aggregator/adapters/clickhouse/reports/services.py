"""Heartbeats and deploys from the store."""

from collections.abc import Mapping, Sequence

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.services import Deploy, LastBeat
from services.core.conventions import AGENT_KIND, DEPLOY_EVENT

IN_RANGE = ("time >= fromUnixTimestamp64Micro({from_us:Int64})", "time < fromUnixTimestamp64Micro({to_us:Int64})")
# What is stamped ahead of its acceptance counts as of its acceptance.
SEEN = "least(time, accepted)"
# In which order heartbeats are the newest: those of one request may all have its time.
NEWEST = f"toUnixTimestamp64Micro({SEEN}) * 4096 + least(row, 4095)"
# Of an event that is about a service: the one in its data, where it names another than it came from.
DEPLOYED = "if(JSONExtractString(data, 'service') = '', service, JSONExtractString(data, 'service'))"


class ClickHouseServices:
    """See ports/services.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def last_beats(self, tenant: str, from_us: int, to_us: int) -> Mapping[str, LastBeat]:
        figures = ("status", "request_count", "error_count", "avg_latency_ms", "uptime_hours")
        query = TenantQuery(
            tenant,
            "heartbeats",
            (
                "service",
                f"toUnixTimestamp64Micro(max({SEEN}))",
                *(f"argMax({name}, {NEWEST})" for name in figures),
            ),
            (*IN_RANGE, "kind != {agent:String}"),
            {"from_us": from_us, "to_us": to_us, "agent": AGENT_KIND},
            group_by="service",
        )
        return {service: LastBeat(*cells) for service, *cells in await self._reader.rows(query)}

    async def beats(self, tenant: str, from_us: int, to_us: int, *, newest: bool) -> Mapping[str, Sequence[int]]:
        seen = f"toUnixTimestamp64Micro({SEEN})"
        query = TenantQuery(
            tenant,
            "heartbeats",
            ("service", f"[max({seen})]" if newest else f"arraySort(groupArray({seen}))"),
            (*IN_RANGE, "kind != {agent:String}"),
            {"from_us": from_us, "to_us": to_us, "agent": AGENT_KIND},
            group_by="service",
        )
        return {row[0]: row[1] for row in await self._reader.rows(query)}

    async def last_deploys(self, tenant: str, from_us: int, to_us: int) -> Mapping[str, Deploy]:
        query = TenantQuery(
            tenant,
            "events",
            (
                f"{DEPLOYED} AS deployed",
                "toUnixTimestamp64Micro(max(time))",
                "argMax(JSONExtractString(data, 'version'), (time, journal_id, offset, row))",
            ),
            (*IN_RANGE, "type = {deploy:String}"),
            {"from_us": from_us, "to_us": to_us, "deploy": DEPLOY_EVENT},
            group_by="deployed",
        )
        return {service: Deploy(int(time_us), version) for service, time_us, version in await self._reader.rows(query)}
