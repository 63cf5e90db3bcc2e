"""Agents at work."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.aggregator.domain.ranges.ranges import MICRO, Range
from services.aggregator.ports.agents import AgentBeats, AgentStore
from services.aggregator.ports.gauges import GaugeStore
from services.core import conventions
from services.core.errors import InvalidInput

MAX_AGENTS = 10_000
KIND_LABEL = "kind"


@dataclass(frozen=True, slots=True)
class AgentReport:
    """Agents with heartbeats, and how many are at work by kind; `from_metric` tells where the number comes from."""

    agents: Sequence[AgentBeats]
    active: Mapping[str, float]
    from_metric: bool
    end_us: int

    def status(self, agent: AgentBeats) -> str:
        """The state of an agent at the end of the range."""
        return conventions.STALE if is_stale(agent, self.end_us) else agent.status


class Agents:
    """Answers which agents are at work."""

    def __init__(self, agents: AgentStore, gauges: GaugeStore) -> None:
        self._agents = agents
        self._gauges = gauges

    async def report(self, tenant: str, asked: Range) -> AgentReport:
        """The agents of a range, and those at work at its end."""
        window = max(asked.first, asked.end - conventions.FIGURES_WINDOW)
        agents, told = await asyncio.gather(
            self._agents.agents(tenant, asked.first_us, asked.end_us, MAX_AGENTS + 1),
            self._gauges.newest(tenant, (conventions.ACTIVE_AGENTS,), window, asked.end),
        )
        if len(agents) > MAX_AGENTS:
            raise InvalidInput.of("start_time", f"more than {MAX_AGENTS:,} agents: ask for a shorter range")
        if not told:
            awake = sum(not is_stale(agent, asked.end_us) for agent in agents)
            return AgentReport(agents, {conventions.AGENT_KIND: float(awake)} if agents else {}, False, asked.end_us)
        active: dict[str, float] = {}
        for gauge in told:
            kind = gauge.labels.get(KIND_LABEL, "")
            active[kind] = active.get(kind, 0.0) + gauge.value
        return AgentReport(agents, active, True, asked.end_us)


def is_stale(agent: AgentBeats, at_us: int) -> bool:
    """Whether the last heartbeat is too old."""
    return at_us - agent.seen_us > conventions.HEARTBEAT_STALE_AFTER * MICRO
