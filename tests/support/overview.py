"""A small OverviewService that a test drives: it keeps a state, and hands on what it is told to every watch."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from binnacle.aggregator.v1 import overview_service_pb2 as pb, overview_service_pb2_grpc
from binnacle.dashboard.v1 import dashboard_pb2
from services.core.errors import Unavailable
from services.runtime.calls import current_call
from services.runtime.process import Registration

Context = grpc.aio.ServicerContext[Any, Any]
SERVICE = "binnacle.aggregator.v1.OverviewService"


class DrivenOverview(overview_service_pb2_grpc.OverviewServiceServicer):
    """Serves the overview of every tenant alike; `watches` lists the tenant of each watch ever begun."""

    def __init__(self, state: dashboard_pb2.DashboardState) -> None:
        self.state = state
        self.stats = pb.GetIntakeStatsResponse()
        self.watches: list[str] = []
        self._open: set[asyncio.Queue[dashboard_pb2.DashboardFrame | None]] = set()

    @property
    def watching(self) -> int:
        """Watches open now."""
        return len(self._open)

    def update(self, update: dashboard_pb2.DashboardUpdate) -> None:
        """Send an update, and keep its snapshot."""
        self.state.snapshot.CopyFrom(update.snapshot)
        self._send(dashboard_pb2.DashboardFrame(update=update))

    def events(self, *events: dashboard_pb2.TrackedEvent) -> None:
        """Send events."""
        self._send(dashboard_pb2.DashboardFrame(events=dashboard_pb2.TrackedEvents(events=events)))

    def lose(self) -> None:
        """End every watch with an error."""
        for queue in self._open:
            queue.put_nowait(None)

    async def GetOverview(self, request: pb.GetOverviewRequest, context: Context) -> pb.GetOverviewResponse:
        return pb.GetOverviewResponse(state=self.state)

    async def GetIntakeStats(self, request: pb.GetIntakeStatsRequest, context: Context) -> pb.GetIntakeStatsResponse:
        return self.stats

    async def WatchOverview(
        self, request: pb.WatchOverviewRequest, context: Context
    ) -> AsyncIterator[pb.WatchOverviewResponse]:
        queue: asyncio.Queue[dashboard_pb2.DashboardFrame | None] = asyncio.Queue()
        self._open.add(queue)
        self.watches.append(current_call().tenant)
        try:
            yield pb.WatchOverviewResponse(frame=dashboard_pb2.DashboardFrame(state=self.state))
            while frame := await queue.get():
                yield pb.WatchOverviewResponse(frame=frame)
            raise Unavailable("lost on purpose")
        finally:
            self._open.discard(queue)

    def _send(self, frame: dashboard_pb2.DashboardFrame) -> None:
        for queue in self._open:
            queue.put_nowait(frame)


def registration(servicer: DrivenOverview) -> Registration:
    """The service as it is added to a server."""
    return Registration(overview_service_pb2_grpc.add_OverviewServiceServicer_to_server, servicer, SERVICE)
