"""OTLP: the services of OpenTelemetry under their own names, and the same over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb

from binnacle.collector.v1 import otlp_http_service_pb2 as pb, otlp_http_service_pb2_grpc as pb_grpc
from services.collector.convert.otlp import bodies, logs, metrics, traces
from services.collector.convert.otlp.decoder import Decoder
from services.collector.domain.inspection import NONE_REFUSED, Refused
from services.collector.domain.intake import Intake, Outcome
from services.collector.domain.otlp_intake import OtlpIntake
from services.collector.service.batch_ids import idempotency_key
from services.collector.service.gate import SAMPLES
from services.runtime.calls import current_call
from services.runtime.process import Registration
from services.runtime.roles import INGESTER

METRICS = "opentelemetry.proto.collector.metrics.v1.MetricsService"
LOGS = "opentelemetry.proto.collector.logs.v1.LogsService"
TRACES = "opentelemetry.proto.collector.trace.v1.TraceService"
OTLP_HTTP = "binnacle.collector.v1.OtlpHttpService"
ENCODING = "content-encoding"

Export = Callable[[bytes, str], Awaitable[Message]]


class Otlp:
    """Takes in serialised requests of the current call's tenant; `name` is what the sender called one, or empty."""

    def __init__(self, intake: Intake, otlp: OtlpIntake) -> None:
        self._intake = intake
        self._redaction = intake.admission.redaction
        self._otlp = otlp
        self._decoder = Decoder()

    async def metrics(self, message: bytes, name: str) -> metrics_pb.ExportMetricsServiceResponse:
        """An ExportMetricsServiceRequest."""
        tenant = current_call().tenant
        draft = metrics.read(tenant, message, self._decoder, self._redaction.of(tenant, SAMPLES))
        outcome = await self._otlp.metrics(tenant, draft, name)
        answer = metrics_pb.ExportMetricsServiceResponse()
        if (refused := outcome.refused).count:
            answer.partial_success.rejected_data_points = refused.count
            answer.partial_success.error_message = _reasons(refused)
        return answer

    async def logs(self, message: bytes, name: str) -> logs_pb.ExportLogsServiceResponse:
        """An ExportLogsServiceRequest."""
        tenant = current_call().tenant
        draft = logs.read(message, self._intake.now(), self._redaction.of(tenant, "logs"))
        outcome = Outcome(0, NONE_REFUSED)
        if len(draft.columns):
            outcome = await self._otlp.logs(tenant, draft, name)
        answer = logs_pb.ExportLogsServiceResponse()
        if (refused := outcome.refused).count:
            answer.partial_success.rejected_log_records = refused.count
            answer.partial_success.error_message = _reasons(refused)
        return answer

    async def traces(self, message: bytes, name: str) -> trace_pb.ExportTraceServiceResponse:
        """An ExportTraceServiceRequest."""
        tenant = current_call().tenant
        outcome = await self._otlp.spans(tenant, traces.read(message, self._redaction.of(tenant, "spans")), name)
        answer = trace_pb.ExportTraceServiceResponse()
        if (refused := outcome.refused).count:
            answer.partial_success.rejected_spans = refused.count
            answer.partial_success.error_message = _reasons(refused)
        return answer


class OtlpHttpServicer(pb_grpc.OtlpHttpServiceServicer):
    """OTLP/HTTP as the edge hands it over."""

    def __init__(self, otlp: Otlp) -> None:
        self._otlp = otlp

    async def ExportMetrics(self, request: pb.ExportMetricsRequest, context: Any) -> pb.ExportMetricsResponse:
        kind = metrics_pb.ExportMetricsServiceRequest
        return pb.ExportMetricsResponse(content=await _answered(request.content, context, kind, self._otlp.metrics))

    async def ExportLogs(self, request: pb.ExportLogsRequest, context: Any) -> pb.ExportLogsResponse:
        kind = logs_pb.ExportLogsServiceRequest
        return pb.ExportLogsResponse(content=await _answered(request.content, context, kind, self._otlp.logs))

    async def ExportTraces(self, request: pb.ExportTracesRequest, context: Any) -> pb.ExportTracesResponse:
        kind = trace_pb.ExportTraceServiceRequest
        return pb.ExportTracesResponse(content=await _answered(request.content, context, kind, self._otlp.traces))


def add_metrics(otlp: Otlp, server: grpc.aio.Server) -> None:
    """Serve OpenTelemetry's MetricsService, each request by its bytes."""
    _add(server, METRICS, otlp.metrics)


def add_logs(otlp: Otlp, server: grpc.aio.Server) -> None:
    """Serve OpenTelemetry's LogsService."""
    _add(server, LOGS, otlp.logs)


def add_traces(otlp: Otlp, server: grpc.aio.Server) -> None:
    """Serve OpenTelemetry's TraceService."""
    _add(server, TRACES, otlp.traces)


def _add(server: grpc.aio.Server, service: str, export: Export) -> None:
    handlers: dict[str, Any] = {"Export": grpc.unary_unary_rpc_method_handler(_handler(export), None, _serialize)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))


def _handler(export: Export) -> Any:
    async def handle(raw: bytes, context: Any) -> Message:
        return await export(raw, idempotency_key(context))

    return handle


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


async def _answered(content: HttpBody, context: Any, kind: type[Message], export: Export) -> HttpBody:
    metadata = dict(context.invocation_metadata() or ())
    body = bodies.read(content, str(metadata.get(ENCODING, "")), kind)
    return bodies.answer(await export(body.message, idempotency_key(context)), body.form)


def _reasons(refused: Refused) -> str:
    """The first faults, for the sender's log."""
    return "; ".join(f"{fault.field}: {fault.description}" for fault in refused.first)


def registrations(otlp: Otlp) -> list[Registration]:
    """All of OTLP, for a server."""
    return [
        Registration(add_metrics, otlp, METRICS, INGESTER),
        Registration(add_logs, otlp, LOGS, INGESTER),
        Registration(add_traces, otlp, TRACES, INGESTER),
        Registration(pb_grpc.add_OtlpHttpServiceServicer_to_server, OtlpHttpServicer(otlp), OTLP_HTTP),
    ]
