"""Agents from their heartbeats."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.reports.services import IN_RANGE, NEWEST, SEEN
from services.aggregator.ports.agents import AgentBeats
from services.core.conventions import AGENT_KIND


class ClickHouseAgents:
    """See ports/agents.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def agents(self, tenant: str, from_us: int, to_us: int, most: int) -> Sequence[AgentBeats]:
        query = TenantQuery(
            tenant,
            "heartbeats",
            (
                "service",
                "count()",
                f"toUnixTimestamp64Micro(max({SEEN}))",
                f"argMax(status, {NEWEST})",
                f"argMax(uptime_hours, {NEWEST})",
            ),
            (*IN_RANGE, "kind = {agent:String}"),
            {"from_us": from_us, "to_us": to_us, "agent": AGENT_KIND},
            group_by="service",
            order_by="service",
            limit=most,
        )
        return [AgentBeats(*row) for row in await self._reader.rows(query)]
