"""Intake for gRPC clients."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from binnacle.collector.v1 import ingest_service_pb2 as pb, ingest_service_pb2_grpc as pb_grpc
from services.collector.convert import messages, sample_messages
from services.collector.convert.event_blocks import EventReader
from services.collector.domain.columns import EventColumns, PackedEvents
from services.collector.domain.inspection import PointsRefused
from services.collector.domain.intake import Draft, Intake, Outcome
from services.collector.domain.kinds import EVENTS, HEARTBEATS, LOGS, PACKED_EVENTS, Kind, Points
from services.collector.domain.places import ListPlaces, Places, SeriesPlaces
from services.collector.domain.redaction import Redactor
from services.collector.service.batch_ids import batch_id_of
from services.collector.service.gate import SAMPLES
from services.collector.service.sample_stream import SampleStream
from services.runtime.calls import current_call
from services.runtime.interceptors import parsed


class IngestServicer(pb_grpc.IngestServiceServicer):
    """Takes in messages for one Intake; streams end when `stopping` is set."""

    def __init__(self, intake: Intake, stopping: asyncio.Event) -> None:
        self._intake = intake
        self._redaction = intake.admission.redaction
        self._stopping = stopping
        self._events = EventReader()

    async def RegisterSeries(self, request: pb.RegisterSeriesRequest, context: Any) -> pb.RegisterSeriesResponse:
        messages.check_count(len(request.series), messages.MAX_POINTS, "series")
        tenant = current_call().tenant
        secrets = self._redaction.of(tenant, SAMPLES)
        definitions = [messages.definition(series, secrets) for series in request.series]
        ids = await self._intake.register(tenant, definitions, SeriesPlaces(inner=""))
        return pb.RegisterSeriesResponse(series_ids=ids)

    async def WriteSamples(  # type: ignore[override]
        self, requests: AsyncIterator[bytes], context: Any
    ) -> AsyncIterator[pb.WriteSamplesResponse]:
        stream = SampleStream(self._intake, current_call().tenant, self._stopping)
        async for answer in stream.answers(requests):
            yield answer

    async def WriteSampleColumns(  # type: ignore[override]
        self, request: bytes, context: Any
    ) -> pb.WriteSampleColumnsResponse:
        message = sample_messages.read_columns(request)
        name = batch_id_of(message.batch_id, context)
        outcome, durable = self._intake.samples(current_call().tenant, message.samples, name)
        if durable is None:
            raise PointsRefused(outcome.refused.first)
        await durable
        return messages.answer(pb.WriteSampleColumnsResponse, outcome)

    async def WriteSeries(self, request: pb.WriteSeriesRequest, context: Any) -> pb.WriteSeriesResponse:
        name = batch_id_of(request.batch_id, context)
        tenant = current_call().tenant
        draft = messages.labelled(request.series, self._redaction.of(tenant, SAMPLES))
        outcome = await self._intake.labelled(tenant, draft, name)
        return messages.answer(pb.WriteSeriesResponse, outcome)

    async def WriteEvents(  # type: ignore[override]
        self, request: bytes, context: Any
    ) -> pb.WriteEventsResponse:
        now, tenant = self._intake.now(), current_call().tenant

        def read(secrets: Redactor) -> tuple[pb.WriteEventsRequest, Draft[EventColumns, Places]]:
            message = parsed(pb.WriteEventsRequest.FromString, request)
            return message, messages.events(message.events, now, secrets)

        secrets = self._redaction.of(tenant, EVENTS.name)
        packed = self._events.read(request, now, secrets, lambda: read(self._redaction.silent())[1].columns)
        if packed is not None:
            whole: Draft[PackedEvents, Places] = Draft(packed.events, ListPlaces("events"))
            name = batch_id_of(packed.batch_id, context)
            outcome = await self._intake.points(PACKED_EVENTS, tenant, whole, name)
        else:
            message, draft = read(secrets)
            outcome = await self._points(EVENTS, draft, message, context)
        return messages.answer(pb.WriteEventsResponse, outcome)

    async def WriteLogs(self, request: pb.WriteLogsRequest, context: Any) -> pb.WriteLogsResponse:
        secrets = self._redaction.of(current_call().tenant, LOGS.name)
        draft = messages.logs(request.logs, self._intake.now(), secrets)
        return messages.answer(pb.WriteLogsResponse, await self._points(LOGS, draft, request, context))

    async def WriteHeartbeats(self, request: pb.WriteHeartbeatsRequest, context: Any) -> pb.WriteHeartbeatsResponse:
        draft = messages.heartbeats(request.heartbeats, self._intake.now())
        return messages.answer(pb.WriteHeartbeatsResponse, await self._points(HEARTBEATS, draft, request, context))

    async def _points(self, kind: Kind[Points], draft: Draft[Points, Places], request: Any, context: Any) -> Outcome:
        return await self._intake.points(kind, current_call().tenant, draft, batch_id_of(request.batch_id, context))
