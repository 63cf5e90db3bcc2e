"""The process's own metrics, asked for by gRPC."""

import grpc
from prometheus_client import CollectorRegistry, generate_latest

from binnacle.telemetry.v1 import telemetry_service_pb2, telemetry_service_pb2_grpc
from services.runtime.process import Registration

SERVICE = "binnacle.telemetry.v1.TelemetryService"

Request = telemetry_service_pb2.GetProcessMetricsRequest
Response = telemetry_service_pb2.GetProcessMetricsResponse


class TelemetryServicer(telemetry_service_pb2_grpc.TelemetryServiceServicer):
    """Gives the metrics of one registry."""

    def __init__(self, process: str, registry: CollectorRegistry) -> None:
        self._process = process
        self._registry = registry

    async def GetProcessMetrics(
        self, request: Request, context: grpc.aio.ServicerContext[Request, Response]
    ) -> Response:
        return Response(process=self._process, text=generate_latest(self._registry).decode())


def registration(process: str, registry: CollectorRegistry) -> Registration:
    """The telemetry service of one process."""
    servicer = TelemetryServicer(process, registry)
    return Registration(telemetry_service_pb2_grpc.add_TelemetryServiceServicer_to_server, servicer, SERVICE)
