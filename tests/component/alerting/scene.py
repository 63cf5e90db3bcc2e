"""Alerting among its neighbours, and a client that asks it."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

from binnacle.alerting.v1 import alert_service_pb2 as pb, alert_service_pb2_grpc as pb_grpc
from binnacle.alerts.v1 import alerts_pb2
from binnacle.telemetry.v1 import telemetry_service_pb2, telemetry_service_pb2_grpc
from services.alerting.config import AlertingConfig
from services.alerting.wiring import wire
from services.runtime.statuses import translated_errors
from tests.component.alerting.neighbours import IntakeNeighbour, OverviewNeighbour
from tests.support.redis_server import RedisServer
from tests.support.services import running_service, socket_address
from tests.support.waiting import eventually

KEY = "binnacle:alerts:default"


class Client:
    """Asks alerting, over its channel."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = pb_grpc.AlertServiceStub(channel)
        self._check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            health_pb2.HealthCheckRequest.SerializeToString,
            health_pb2.HealthCheckResponse.FromString,
        )
        self._telemetry = telemetry_service_pb2_grpc.TelemetryServiceStub(channel)

    async def listed(self, **which: object) -> list[alerts_pb2.Alert]:
        return list((await self.stub.ListAlerts(pb.ListAlertsRequest(**which))).alerts)  # type: ignore[arg-type]

    async def listening(self) -> None:
        """Wait until alerting answers."""
        await self.stub.ListAlerts(pb.ListAlertsRequest(), wait_for_ready=True, timeout=60)

    async def shows(self, *states: alerts_pb2.AlertState.ValueType) -> None:
        """Wait until the alerts have these states, newest first."""

        async def reached() -> bool:
            return [alert.state for alert in await self.listed()] == list(states)

        await eventually(reached, f"alerts {states}", within=20)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Callable[[], Coroutine[Any, Any, pb.WatchAlertsResponse]]]:
        """A watch within the block, made once alerting listens; gives what reads its next message."""
        watch = self.stub.WatchAlerts(pb.WatchAlertsRequest(), wait_for_ready=True)

        async def read() -> pb.WatchAlertsResponse:
            with translated_errors("alerting"):
                message = await watch.read()
            assert isinstance(message, pb.WatchAlertsResponse)
            return message

        try:
            yield read
        finally:
            watch.cancel()

    async def ready(self) -> bool:
        answer = await self._check(health_pb2.HealthCheckRequest(service=""))
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def failed(self, what: str) -> None:
        """Wait until a failure of one kind (source, store, record) was counted."""

        async def counted() -> bool:
            return f"binnacle_alerting_{what}_failures_total 0.0" not in await self.metrics()

        await eventually(counted, f"{what} failed")

    async def metrics(self) -> str:
        request = telemetry_service_pb2.GetProcessMetricsRequest()
        return (await self._telemetry.GetProcessMetrics(request)).text


class Scene:
    """What alerting lives among."""

    def __init__(self, redis: RedisServer) -> None:
        self.redis = redis
        # What alerting never calls stays unimplemented.
        self.overview = OverviewNeighbour()  # type: ignore[abstract]
        self.intake = IntakeNeighbour()  # type: ignore[abstract]
        self.aggregator, self.collector = socket_address("aggregator"), socket_address("collector")

    @asynccontextmanager
    async def alerting(self, address: str | None = None) -> AsyncIterator[Client]:
        config = AlertingConfig(
            listen=address or socket_address("alerting"),
            aggregator=self.aggregator,
            collector=self.collector,
            redis_url=self.redis.url,
            drain_seconds=1,
        )
        async with running_service("alerting", config, wire) as channel:
            yield Client(channel)

    async def recorded(self, *states: str) -> None:
        """Wait until these transitions are written, in order."""

        async def written() -> bool:
            return self.intake.states == list(states)

        await eventually(written, f"transitions {states} recorded", within=15)

    async def keeps(self, *words: str) -> None:
        """Wait until Redis has as many alerts as words are given, and each word is in one of them."""

        async def kept() -> bool:
            alerts = list(self.redis.fields(KEY).values())
            return len(alerts) == len(words) and all(any(word in alert for alert in alerts) for word in words)

        await eventually(kept, f"{words} in Redis", within=15)
