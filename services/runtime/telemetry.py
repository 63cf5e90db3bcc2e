"""What a process tells about itself, asked for by gRPC."""

from collections.abc import Callable, Sequence
from typing import Any

import grpc

from binnacle.processes.v1 import processes_pb2
from binnacle.telemetry.v1 import telemetry_service_pb2 as pb, telemetry_service_pb2_grpc
from services.runtime.config import ServiceConfig
from services.runtime.description import Describe, describer, settings_of
from services.runtime.process import Process, Registration

SERVICE = "binnacle.telemetry.v1.TelemetryService"

Context = grpc.aio.ServicerContext[Any, Any]


class TelemetryServicer(telemetry_service_pb2_grpc.TelemetryServiceServicer):
    """Gives the metrics and the description of one process."""

    def __init__(
        self, name: str, metrics: Callable[[], str], describe: Describe, settings: Sequence[processes_pb2.Setting]
    ) -> None:
        self._name = name
        self._metrics = metrics
        self._describe = describe
        self._settings = settings

    async def GetProcessMetrics(
        self, request: pb.GetProcessMetricsRequest, context: Context
    ) -> pb.GetProcessMetricsResponse:
        return pb.GetProcessMetricsResponse(process=self._name, text=self._metrics())

    async def DescribeProcess(self, request: pb.DescribeProcessRequest, context: Context) -> pb.DescribeProcessResponse:
        return pb.DescribeProcessResponse(process=self._describe(), settings=self._settings)


def registration(config: ServiceConfig, process: Process) -> Registration:
    """The telemetry service of one process."""
    servicer = TelemetryServicer(
        process.name, process.metrics, describer(process.name, process.clock), settings_of(config)
    )
    return Registration(telemetry_service_pb2_grpc.add_TelemetryServiceServicer_to_server, servicer, SERVICE)
