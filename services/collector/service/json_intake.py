"""JSON over REST: the body as it came, decoded once and strictly."""

from typing import Any

from google.api.httpbody_pb2 import HttpBody

from binnacle.collector.v1 import json_intake_service_pb2 as pb, json_intake_service_pb2_grpc as pb_grpc
from services.collector.convert import json_points
from services.collector.convert.messages import rejections
from services.collector.domain.intake import Intake, Outcome
from services.collector.service.batch_ids import idempotency_key
from services.runtime.calls import current_call


class JsonIntakeServicer(pb_grpc.JsonIntakeServiceServicer):
    """Takes in JSON for one Intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def PostEvents(self, request: pb.PostEventsRequest, context: Any) -> pb.PostEventsResponse:
        name = idempotency_key(context)
        draft = json_points.events(*self._given(request.content))
        return pb.PostEventsResponse(**_answer(await self._intake.events(current_call().tenant, draft, name)))

    async def PostMetrics(self, request: pb.PostMetricsRequest, context: Any) -> pb.PostMetricsResponse:
        name = idempotency_key(context)
        draft = json_points.metrics(*self._given(request.content))
        return pb.PostMetricsResponse(**_answer(await self._intake.labelled(current_call().tenant, draft, name)))

    async def PostHeartbeat(self, request: pb.PostHeartbeatRequest, context: Any) -> pb.PostHeartbeatResponse:
        name = idempotency_key(context)
        draft = json_points.heartbeats(*self._given(request.content))
        return pb.PostHeartbeatResponse(**_answer(await self._intake.heartbeats(current_call().tenant, draft, name)))

    async def PostLogs(self, request: pb.PostLogsRequest, context: Any) -> pb.PostLogsResponse:
        name = idempotency_key(context)
        draft = json_points.logs(*self._given(request.content))
        return pb.PostLogsResponse(**_answer(await self._intake.logs(current_call().tenant, draft, name)))

    def _given(self, content: HttpBody) -> tuple[str, bytes, float]:
        return content.content_type, content.data, self._intake.now()


def _answer(outcome: Outcome) -> dict[str, Any]:
    refused = outcome.refused
    return {"accepted": outcome.accepted, "rejected": refused.count, "rejections": rejections(refused)}
