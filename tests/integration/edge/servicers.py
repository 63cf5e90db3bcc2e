"""Our own contracts, served in a few lines: what stands behind the edge in these tests."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.api import httpbody_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status

from binnacle.aggregator.v1 import (
    append_service_pb2,
    append_service_pb2_grpc,
    query_service_pb2 as query,
    query_service_pb2_grpc,
)
from binnacle.alerting.v1 import alert_service_pb2, alert_service_pb2_grpc
from binnacle.collector.v1 import (
    ingest_service_pb2 as ingest,
    ingest_service_pb2_grpc,
    json_intake_service_pb2 as intake,
    json_intake_service_pb2_grpc,
)
from binnacle.streamer.v1 import (
    connection_service_pb2 as connections,
    connection_service_pb2_grpc,
    dashboard_service_pb2 as dashboard,
    dashboard_service_pb2_grpc,
    system_service_pb2 as system,
    system_service_pb2_grpc,
)

Context = grpc.ServicerContext


@dataclass(frozen=True, slots=True)
class Seen:
    """A call as it arrived behind the edge."""

    metadata: dict[str, str]
    request: Message


@dataclass(slots=True)
class Log:
    """Every call that arrived, oldest first."""

    calls: list[Seen] = field(default_factory=list)

    def tries(self, request: Message) -> int:
        """How often this very request arrived."""
        return sum(seen.request == request for seen in self.calls)

    def note(self, request: Message, context: Context) -> None:
        """Remember one call."""
        pairs = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        self.calls.append(Seen(pairs, request))


class Intake(json_intake_service_pb2_grpc.JsonIntakeServiceServicer):
    def __init__(self, log: Log) -> None:
        self.log = log

    def PostEvents(self, request: intake.PostEventsRequest, context: Context) -> intake.PostEventsResponse:
        self.log.note(request, context)
        if request.content.data == b"bad":
            refuse(context)
        if request.content.data == b"restarting" and self.log.tries(request) < 3:
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        if request.content.data == b"stopping" and self.log.tries(request) < 3:
            context.abort(grpc.StatusCode.CANCELLED, "CANCELLED")
        if request.content.data == b"full":
            context.send_initial_metadata((("retry-after", "3"),))
            context.abort_with_status(rpc_status.to_status(overloaded()))
        return intake.PostEventsResponse(accepted=1)


class Ingest(ingest_service_pb2_grpc.IngestServiceServicer):
    def __init__(self, log: Log) -> None:
        self.log = log

    def WriteEvents(self, request: ingest.WriteEventsRequest, context: Context) -> ingest.WriteEventsResponse:
        self.log.note(request, context)
        return ingest.WriteEventsResponse(accepted=len(request.events))

    def WriteSamples(
        self, request_iterator: Iterator[ingest.WriteSamplesRequest], context: Context
    ) -> Iterator[ingest.WriteSamplesResponse]:
        for request in request_iterator:
            yield ingest.WriteSamplesResponse(acknowledged_sequence=request.sequence)


class Query(query_service_pb2_grpc.QueryServiceServicer):
    def __init__(self, log: Log) -> None:
        self.log = log

    def ListTrackedEvents(
        self, request: query.ListTrackedEventsRequest, context: Context
    ) -> query.ListTrackedEventsResponse:
        self.log.note(request, context)
        return query.ListTrackedEventsResponse(count=7, limit=request.limit)

    def GetServiceMetrics(
        self, request: query.GetServiceMetricsRequest, context: Context
    ) -> query.GetServiceMetricsResponse:
        self.log.note(request, context)
        return query.GetServiceMetricsResponse(service=request.service, request_count=5_000_000_000.0)


class Append(append_service_pb2_grpc.AppendServiceServicer):
    def Append(
        self, request_iterator: Iterator[append_service_pb2.AppendRequest], context: Context
    ) -> Iterator[append_service_pb2.AppendResponse]:
        yield append_service_pb2.AppendResponse(committed_offset=1)


class Dashboard(dashboard_service_pb2_grpc.DashboardServiceServicer):
    def GetDashboard(self, request: dashboard.GetDashboardRequest, context: Context) -> dashboard.GetDashboardResponse:
        answer = dashboard.GetDashboardResponse()
        for number in range(200):
            answer.services[f"service-{number}"].name = f"service-{number}"
        return answer

    def WatchDashboard(
        self, request: dashboard.WatchDashboardRequest, context: Context
    ) -> Iterator[dashboard.WatchDashboardResponse]:
        for count in range(3):
            message = dashboard.WatchDashboardResponse()
            message.frame.update.snapshot.overview.total_requests = count
            yield message


class System(system_service_pb2_grpc.SystemServiceServicer):
    def __init__(self, log: Log) -> None:
        self.log = log

    def GetHealth(self, request: system.GetHealthRequest, context: Context) -> system.GetHealthResponse:
        self.log.note(request, context)
        return system.GetHealthResponse(status="healthy")

    def GetMetricsText(self, request: system.GetMetricsTextRequest, context: Context) -> system.GetMetricsTextResponse:
        body = httpbody_pb2.HttpBody(content_type="text/plain; version=0.0.4", data=b"up 1\n")
        return system.GetMetricsTextResponse(content=body)


class Connections(connection_service_pb2_grpc.ConnectionServiceServicer):
    def GetConnectionStats(
        self, request: connections.GetConnectionStatsRequest, context: Context
    ) -> connections.GetConnectionStatsResponse:
        return connections.GetConnectionStatsResponse(active_connections=3)


class Alerts(alert_service_pb2_grpc.AlertServiceServicer):
    def ListAlerts(
        self, request: alert_service_pb2.ListAlertsRequest, context: Context
    ) -> alert_service_pb2.ListAlertsResponse:
        return alert_service_pb2.ListAlertsResponse(next_page_token="here")


def refuse(context: Context) -> None:
    """Abort as our services do for a broken field."""
    violation = error_details_pb2.BadRequest.FieldViolation(field="events[0].type", description="is missing")
    status = status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message="events[0].type: is missing")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="INVALID_INPUT", domain="binnacle"))
    status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    context.abort_with_status(rpc_status.to_status(status))


def overloaded() -> status_pb2.Status:
    """The status of a full queue."""
    status = status_pb2.Status(code=code_pb2.RESOURCE_EXHAUSTED, message="the journal is full")
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromSeconds(3)
    status.details.add().Pack(retry)
    return status


def serve(process: str, target: str, log: Log) -> grpc.Server:
    """Start one process's services at a gRPC target, ready at once."""
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", 16 * 1024 * 1024)])
    checks = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    registrations: dict[str, list[tuple[Any, Any]]] = {
        "collector": [
            (json_intake_service_pb2_grpc.add_JsonIntakeServiceServicer_to_server, Intake(log)),  # type: ignore[abstract]
            (ingest_service_pb2_grpc.add_IngestServiceServicer_to_server, Ingest(log)),  # type: ignore[abstract]
        ],
        "aggregator": [
            (query_service_pb2_grpc.add_QueryServiceServicer_to_server, Query(log)),  # type: ignore[abstract]
            (append_service_pb2_grpc.add_AppendServiceServicer_to_server, Append()),
        ],
        "streamer": [
            (dashboard_service_pb2_grpc.add_DashboardServiceServicer_to_server, Dashboard()),
            (system_service_pb2_grpc.add_SystemServiceServicer_to_server, System(log)),  # type: ignore[abstract]
            (connection_service_pb2_grpc.add_ConnectionServiceServicer_to_server, Connections()),  # type: ignore[abstract]
        ],
        "alerting": [(alert_service_pb2_grpc.add_AlertServiceServicer_to_server, Alerts())],  # type: ignore[abstract]
    }
    for add, servicer in registrations[process]:
        add(servicer, server)
    if process == "streamer":
        reflection.enable_server_reflection(["binnacle.streamer.v1.SystemService"], server)
    server.add_insecure_port(target)
    server.start()
    return server
