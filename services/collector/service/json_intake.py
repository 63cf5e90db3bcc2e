"""JSON: the body as it came, decoded once and strictly, whether gRPC brought it or HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from google.api.httpbody_pb2 import HttpBody

from binnacle.collector.v1 import json_intake_service_pb2 as pb, json_intake_service_pb2_grpc as pb_grpc
from services.collector.convert import json_points
from services.collector.convert.messages import answer
from services.collector.domain.intake import Intake, Outcome
from services.collector.domain.kinds import EVENTS, HEARTBEATS, LOGS
from services.collector.service.batch_ids import idempotency_key
from services.collector.service.gate import SAMPLES
from services.runtime.calls import current_call

SERVICE = "binnacle.collector.v1.JsonIntakeService"


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A body, and the name that its sender gave the request, or none."""

    content_type: str
    data: bytes
    name: str


Take = Callable[[str, JsonBody], Awaitable[Outcome]]


class JsonIntake:
    """Takes in JSON bodies of one tenant each, for one Intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._redaction = intake.admission.redaction

    def faces(self) -> dict[str, tuple[str, Take]]:
        """For each path of REST the method that it stands for, and who takes its bodies."""
        return {
            "/events": (f"/{SERVICE}/PostEvents", self.events),
            "/metrics": (f"/{SERVICE}/PostMetrics", self.metrics),
            "/heartbeat": (f"/{SERVICE}/PostHeartbeat", self.heartbeats),
            "/logs": (f"/{SERVICE}/PostLogs", self.logs),
        }

    async def events(self, tenant: str, body: JsonBody) -> Outcome:
        """Events."""
        draft = json_points.events(
            body.content_type, body.data, self._intake.now(), self._redaction.of(tenant, EVENTS.name)
        )
        return await self._intake.points(EVENTS, tenant, draft, body.name)

    async def metrics(self, tenant: str, body: JsonBody) -> Outcome:
        """Metric values."""
        secrets = self._redaction.of(tenant, SAMPLES)
        draft = json_points.metrics(body.content_type, body.data, self._intake.now(), secrets)
        return await self._intake.labelled(tenant, draft, body.name)

    async def heartbeats(self, tenant: str, body: JsonBody) -> Outcome:
        """Heartbeats."""
        draft = json_points.heartbeats(body.content_type, body.data, self._intake.now())
        return await self._intake.points(HEARTBEATS, tenant, draft, body.name)

    async def logs(self, tenant: str, body: JsonBody) -> Outcome:
        """Log lines."""
        draft = json_points.logs(
            body.content_type, body.data, self._intake.now(), self._redaction.of(tenant, LOGS.name)
        )
        return await self._intake.points(LOGS, tenant, draft, body.name)


class JsonIntakeServicer(pb_grpc.JsonIntakeServiceServicer):
    """The same by gRPC."""

    def __init__(self, json: JsonIntake) -> None:
        self._json = json

    async def PostEvents(self, request: pb.PostEventsRequest, context: Any) -> pb.PostEventsResponse:
        return answer(pb.PostEventsResponse, await _taken(self._json.events, request.content, context))

    async def PostMetrics(self, request: pb.PostMetricsRequest, context: Any) -> pb.PostMetricsResponse:
        return answer(pb.PostMetricsResponse, await _taken(self._json.metrics, request.content, context))

    async def PostHeartbeat(self, request: pb.PostHeartbeatRequest, context: Any) -> pb.PostHeartbeatResponse:
        return answer(pb.PostHeartbeatResponse, await _taken(self._json.heartbeats, request.content, context))

    async def PostLogs(self, request: pb.PostLogsRequest, context: Any) -> pb.PostLogsResponse:
        return answer(pb.PostLogsResponse, await _taken(self._json.logs, request.content, context))


async def _taken(take: Take, content: HttpBody, context: Any) -> Outcome:
    body = JsonBody(content.content_type, content.data, idempotency_key(context))
    return await take(current_call().tenant, body)
