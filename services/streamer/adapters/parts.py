"""The suite's processes, asked for health and metrics."""

import grpc
from grpc_health.v1 import health_pb2

from binnacle.telemetry.v1 import telemetry_service_pb2, telemetry_service_pb2_grpc
from services.runtime.config import ServiceConfig
from services.runtime.description import describer, settings_of
from services.runtime.health import READY
from services.runtime.process import Process

ANSWER_SECONDS = 1.0
# For what nobody waits for.
PATIENCE_SECONDS = 3.0
DOES_NOT_ANSWER = "does not answer"
Description = telemetry_service_pb2.DescribeProcessResponse
HEALTH_CHECK = "/grpc.health.v1.Health/Check"


class Peer:
    """Another process of the suite."""

    def __init__(self, name: str, channel: grpc.aio.Channel) -> None:
        self.name = name
        self._check = channel.unary_unary(
            HEALTH_CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        self._telemetry = telemetry_service_pb2_grpc.TelemetryServiceStub(channel)

    async def problem(self, within: float = ANSWER_SECONDS) -> str | None:
        """Why it is not ready to serve; None when it is. Answers within so many seconds."""
        try:
            answer = await self._check(health_pb2.HealthCheckRequest(service=READY), timeout=within)
        except grpc.aio.AioRpcError:
            return DOES_NOT_ANSWER
        return None if answer.status == health_pb2.HealthCheckResponse.SERVING else "not ready"

    async def metrics(self) -> str | None:
        """Its metrics as Prometheus text; None when it does not answer."""
        try:
            answer = await self._telemetry.GetProcessMetrics(
                telemetry_service_pb2.GetProcessMetricsRequest(), timeout=ANSWER_SECONDS
            )
        except grpc.aio.AioRpcError:
            return None
        return answer.text

    async def description(self) -> Description | None:
        """What it tells of itself; None when it does not answer."""
        try:
            return await self._telemetry.DescribeProcess(
                telemetry_service_pb2.DescribeProcessRequest(), timeout=PATIENCE_SECONDS
            )
        except grpc.aio.AioRpcError:
            return None


class Self:
    """This process, which is well as long as it can be asked."""

    def __init__(self, config: ServiceConfig, process: Process) -> None:
        self.name = process.name
        self._process = process
        self._describe = describer(process.name, process.clock)
        self._settings = settings_of(config)

    async def problem(self, within: float = ANSWER_SECONDS) -> str | None:
        """None: this process answers."""
        return None

    async def metrics(self) -> str | None:
        """Its metrics as Prometheus text."""
        return self._process.metrics()

    async def description(self) -> Description | None:
        """What it tells of itself."""
        return Description(process=self._describe(), settings=self._settings)
