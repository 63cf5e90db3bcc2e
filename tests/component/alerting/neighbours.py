"""The aggregator and the collector as far as alerting sees them, told by the test what to say."""

import asyncio
from collections.abc import AsyncIterator

import grpc

from binnacle.aggregator.v1 import overview_service_pb2 as overview_pb2, overview_service_pb2_grpc
from binnacle.collector.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from binnacle.events.v1 import events_pb2
from services.alerting.ports import Observation
from services.core.errors import Overloaded, Unavailable
from services.runtime.calls import current_call
from services.runtime.process import Registration

WatchContext = grpc.aio.ServicerContext[overview_pb2.WatchOverviewRequest, overview_pb2.WatchOverviewResponse]
WriteContext = grpc.aio.ServicerContext[ingest_service_pb2.WriteEventsRequest, ingest_service_pb2.WriteEventsResponse]


def update(observation: Observation) -> overview_pb2.WatchOverviewResponse:
    """An observation as the aggregator sends it."""
    response = overview_pb2.WatchOverviewResponse()
    response.frame.update.snapshot.updated_at.FromMicroseconds(round(observation.at * 1e6))
    for window in observation.windows:
        sent = response.windows.add(service=window.service, requests=window.requests, errors=window.errors)
        if window.last_heartbeat is not None:
            sent.last_heartbeat.FromMicroseconds(round(window.last_heartbeat * 1e6))
    return response


class OverviewNeighbour(overview_service_pb2_grpc.OverviewServiceServicer):
    """Says each observation to whoever watches, and the last one to who comes later."""

    def __init__(self) -> None:
        self.away = False
        self.tenants: list[str] = []
        self._last: overview_pb2.WatchOverviewResponse | None = None
        self._said = asyncio.Condition()

    async def say(self, observation: Observation) -> None:
        """Send an observation, followed by a frame that brings events alone."""
        async with self._said:
            self._last = update(observation)
            self._said.notify_all()

    async def go_away(self) -> None:
        """Break every stream, and refuse new ones until `away` is set back."""
        async with self._said:
            self.away, self._last = True, None
            self._said.notify_all()

    async def WatchOverview(
        self, request: overview_pb2.WatchOverviewRequest, context: WatchContext
    ) -> AsyncIterator[overview_pb2.WatchOverviewResponse]:
        self.tenants.append(current_call().tenant)
        sent: overview_pb2.WatchOverviewResponse | None = None
        while True:
            sent = await self._newer_than(sent)
            yield sent
            yield overview_pb2.WatchOverviewResponse()

    async def _newer_than(self, sent: overview_pb2.WatchOverviewResponse | None) -> overview_pb2.WatchOverviewResponse:
        async with self._said:
            await self._said.wait_for(lambda: self.away or self._last is not sent)
        if self.away or self._last is None:
            raise Unavailable("the store is being read")
        return self._last

    def registration(self) -> Registration:
        add = overview_service_pb2_grpc.add_OverviewServiceServicer_to_server
        return Registration(add, self, "binnacle.aggregator.v1.OverviewService")


class IntakeNeighbour(ingest_service_pb2_grpc.IngestServiceServicer):
    """Keeps the events that are written."""

    def __init__(self) -> None:
        self.full = False
        self.events: list[events_pb2.Event] = []
        self.tenants: set[str] = set()
        self.names: list[str] = []

    @property
    def states(self) -> list[object]:
        """States of the transitions written, in order."""
        return [event.data["state"] for event in self.events]

    async def WriteEvents(
        self, request: ingest_service_pb2.WriteEventsRequest, context: WriteContext
    ) -> ingest_service_pb2.WriteEventsResponse:
        self.names.append(request.batch_id)
        if self.full:
            raise Overloaded("the journal is full", 0.1)
        self.tenants.add(current_call().tenant)
        self.events.extend(request.events)
        return ingest_service_pb2.WriteEventsResponse(accepted=len(request.events))

    def registration(self) -> Registration:
        add = ingest_service_pb2_grpc.add_IngestServiceServicer_to_server
        return Registration(add, self, "binnacle.collector.v1.IngestService")
