"""Intake of history."""

from typing import Any

from binnacle.collector.v1 import import_service_pb2 as pb, import_service_pb2_grpc as pb_grpc
from services.collector.convert import messages
from services.collector.domain import history
from services.collector.domain.intake import Intake
from services.collector.domain.kinds import EVENTS
from services.collector.service.batch_ids import batch_id_of
from services.collector.service.gate import SAMPLES
from services.core.errors import InvalidInput
from services.runtime.calls import current_call

IMPORT = "binnacle.collector.v1.ImportService"
# Each may end as three sums, and all of them must fit one record.
MAX_SAMPLES = 20_000


class ImportServicer(pb_grpc.ImportServiceServicer):
    """Takes in points of long ago for one Intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._redaction = intake.admission.redaction

    async def GetImportBounds(self, request: pb.GetImportBoundsRequest, context: Any) -> pb.GetImportBoundsResponse:
        bounds = history.bounds(self._intake.now())
        return pb.GetImportBoundsResponse(
            oldest_sample_time_unix_ms=bounds.sample_ms, oldest_event_time_unix_ms=bounds.event_ms
        )

    async def ImportSeries(self, request: pb.ImportSeriesRequest, context: Any) -> pb.ImportSeriesResponse:
        samples = sum(len(series.values) for series in request.series)
        if samples > MAX_SAMPLES:
            raise InvalidInput.of("series", f"must hold at most {MAX_SAMPLES:,} samples, not {samples:,}")
        tenant = current_call().tenant
        draft = messages.labelled(request.series, self._redaction.of(tenant, SAMPLES))
        name = batch_id_of(request.batch_id, context)
        outcome = await self._intake.labelled(tenant, draft, name, history.PAST)
        return messages.answer(pb.ImportSeriesResponse, outcome)

    async def ImportEvents(self, request: pb.ImportEventsRequest, context: Any) -> pb.ImportEventsResponse:
        tenant = current_call().tenant
        draft = messages.events(request.events, self._intake.now(), self._redaction.of(tenant, EVENTS.name))
        name = batch_id_of(request.batch_id, context)
        outcome = await self._intake.points(EVENTS, tenant, draft, name, history.PAST)
        return messages.answer(pb.ImportEventsResponse, outcome)
