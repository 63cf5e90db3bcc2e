"""Which agents are at work."""

import grpc

from binnacle.aggregator.v1 import agent_service_pb2 as pb, agent_service_pb2_grpc
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.reports import asked_range
from services.aggregator.domain.reports.agents import AgentReport, Agents
from services.core.clock import Clock
from services.runtime.calls import current_call

DAY = 86_400


class AgentServicer(agent_service_pb2_grpc.AgentServiceServicer):
    """Answers from the store."""

    def __init__(self, agents: Agents, clock: Clock) -> None:
        self._agents = agents
        self._clock = clock

    async def ListAgents(
        self,
        request: pb.ListAgentsRequest,
        context: grpc.aio.ServicerContext[pb.ListAgentsRequest, pb.ListAgentsResponse],
    ) -> pb.ListAgentsResponse:
        asked = asked_range(request, self._clock.now(), DAY)
        return _response(await self._agents.report(current_call().tenant, asked))


def _response(found: AgentReport) -> pb.ListAgentsResponse:
    return pb.ListAgentsResponse(
        active=sum(found.active.values()),
        from_metric=found.from_metric,
        kinds=[pb.AgentKind(kind=kind, active=count) for kind, count in sorted(found.active.items())],
        agents=[
            pb.Agent(
                agent=one.agent,
                status=found.status(one),
                uptime_hours=one.uptime_hours,
                last_heartbeat_time=timestamp(one.seen_us),
                heartbeats=one.beats,
            )
            for one in found.agents
        ],
    )
