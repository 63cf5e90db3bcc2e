"""Alerting among its neighbours, and a client that asks it."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2
from pydantic import SecretStr

from binnacle.alerting.v1 import (
    alert_service_pb2 as pb,
    alert_service_pb2_grpc as pb_grpc,
    incident_service_pb2 as incidents_pb,
    incident_service_pb2_grpc as incidents_grpc,
    notifier_service_pb2_grpc as notifiers_grpc,
    rule_service_pb2_grpc as rules_grpc,
)
from binnacle.alerts.v1 import alerts_pb2
from binnacle.incidents.v1 import incidents_pb2
from binnacle.telemetry.v1 import telemetry_service_pb2, telemetry_service_pb2_grpc
from services.alerting.config import AlertingConfig
from services.alerting.ports.rules import Rule, Threshold
from services.alerting.wiring import wire
from services.core.errors import BinnacleError
from services.core.questions import Expression, Grouping, Selection
from services.runtime.channels import open_channel
from services.runtime.statuses import translated_errors
from tests.component.alerting.neighbours import (
    METRIC,
    SEALING_KEY,
    AccessNeighbour,
    HistoryNeighbour,
    IntakeNeighbour,
    RecordNeighbour,
    SampleNeighbour,
    SeriesNeighbour,
    TraceNeighbour,
)
from tests.support.alerts import rule
from tests.support.redis_server import RedisServer
from tests.support.services import running_service, socket_address
from tests.support.waiting import eventually

PUBLIC_URL = "https://binnacle.example.com"
KEY = "binnacle:{alerts}:of:default"
QUESTION = Threshold((Expression("a", Selection(METRIC, window=10.0, grouping=Grouping(by=("service",)))),))


def busy(**changes: Any) -> Rule:
    """A rule that is judged each second: bad above 90, good again from 80 on."""
    return rule(condition=QUESTION, interval=1.0, grace=0.0, **changes)


class Client:
    """Asks alerting, over its channel."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = pb_grpc.AlertServiceStub(channel)
        self.rules = rules_grpc.RuleServiceStub(channel)
        self.notifiers = notifiers_grpc.NotifierServiceStub(channel)
        self._check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            health_pb2.HealthCheckRequest.SerializeToString,
            health_pb2.HealthCheckResponse.FromString,
        )
        self.incidents = incidents_grpc.IncidentServiceStub(channel)
        self._telemetry = telemetry_service_pb2_grpc.TelemetryServiceStub(channel)

    async def listed(self, **which: Any) -> list[alerts_pb2.Alert]:
        with translated_errors("alerting"):
            return list((await self.stub.ListAlerts(pb.ListAlertsRequest(**which))).alerts)

    async def shows(self, **expected: alerts_pb2.AlertState.ValueType) -> dict[str, alerts_pb2.Alert]:
        """Wait until the newest alert of each service has a state; gives them."""
        found: dict[str, alerts_pb2.Alert] = {}

        async def reached() -> bool:
            try:
                listed = await self.listed()
            except BinnacleError:
                return False
            found.clear()
            for alert in reversed(listed):
                found[alert.service] = alert
            return {service: alert.state for service, alert in found.items()} == expected

        await eventually(reached, f"alerts {expected}", within=30)
        return found

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

    async def acknowledge(self, alert_id: str, **said: Any) -> alerts_pb2.Alert:
        with translated_errors("alerting"):
            answer = await self.stub.AcknowledgeAlert(pb.AcknowledgeAlertRequest(id=alert_id, **said))
        return answer.alert

    async def resolve(self, alert_id: str, **said: Any) -> alerts_pb2.Alert:
        with translated_errors("alerting"):
            return (await self.stub.ResolveAlert(pb.ResolveAlertRequest(id=alert_id, **said))).alert

    async def incidents_shown(self, **which: Any) -> list[incidents_pb2.Incident]:
        with translated_errors("alerting"):
            return list((await self.incidents.ListIncidents(incidents_pb.ListIncidentsRequest(**which))).incidents)

    async def told(self, incident_id: str) -> list[str]:
        """What happened to an incident."""
        with translated_errors("alerting"):
            found = await self.incidents.GetIncident(incidents_pb.GetIncidentRequest(id=incident_id))
        return [entry.what for entry in found.timeline]

    async def steps(self, alert_id: str) -> list[str]:
        """What happened to an alert."""
        with translated_errors("alerting"):
            return [step.what for step in (await self.stub.GetAlert(pb.GetAlertRequest(id=alert_id))).steps]

    async def ready(self) -> bool:
        answer = await self._check(health_pb2.HealthCheckRequest(service=""), wait_for_ready=True, timeout=90)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def failed(self, what: str) -> None:
        """Wait until a failure of one kind (store, record) was counted."""

        async def counted() -> bool:
            told = re.search(rf"\nbinnacle_alerting_{what}_failures_total{{.*}} (.*)\n", await self.metrics())
            return told is not None and float(told[1]) > 0

        await eventually(counted, f"{what} failed")

    async def metrics(self) -> str:
        request = telemetry_service_pb2.GetProcessMetricsRequest()
        return (await self._telemetry.GetProcessMetrics(request)).text


async def _ready(client: Client, process: Process) -> None:
    """Wait until a process is ready; fail at once where it has ended."""
    ready = asyncio.create_task(eventually(client.ready, "alerting is ready", within=60))
    ended = asyncio.create_task(process.wait())
    try:
        await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
        assert not ended.done(), f"alerting has ended: {process.returncode}"
        await ready
    finally:
        ready.cancel()
        ended.cancel()


class Scene:
    """What alerting lives among."""

    def __init__(self, redis: RedisServer) -> None:
        self.redis = redis
        # What alerting never calls, or need not have answered, stays unimplemented.
        self.series = SeriesNeighbour()  # type: ignore[abstract]
        self.samples = SampleNeighbour()  # type: ignore[abstract]
        self.traces = TraceNeighbour()  # type: ignore[abstract]
        self.intake = IntakeNeighbour()  # type: ignore[abstract]
        self.records = RecordNeighbour()
        self.history = HistoryNeighbour(self.intake)  # type: ignore[abstract]
        self.access = AccessNeighbour()
        self.access.rules = [busy()]
        self.aggregator, self.collector = socket_address("aggregator"), socket_address("collector")

    @asynccontextmanager
    async def alerting(
        self,
        address: str | None = None,
        authorities: Path | None = None,
        redis_url: str | None = None,
        **settings: Any,
    ) -> AsyncIterator[Client]:
        """Alerting within this process, once it is ready; `authorities` vouch for receivers."""
        config = AlertingConfig(
            listen=address or socket_address("alerting"),
            aggregator=self.aggregator,
            collector=self.collector,
            redis_url=redis_url or self.redis.url,
            sealing_key=SecretStr(SEALING_KEY),
            public_url=PUBLIC_URL,
            outgoing_hosts="127.0.0.1,localhost",
            outgoing_authorities=authorities,
            drain_seconds=1,
            **settings,
        )
        async with running_service("alerting", config, wire) as channel:
            client = Client(channel)
            await eventually(client.ready, "alerting is ready")
            yield client

    @asynccontextmanager
    async def process(self, address: str | None = None) -> AsyncIterator[tuple[Client, Process]]:
        """Alerting as a process of its own, once it is ready; killed at the end of the block."""
        listen = address or socket_address("alerting")
        settings = {
            "BINNACLE_LISTEN": listen,
            "BINNACLE_AGGREGATOR": self.aggregator,
            "BINNACLE_COLLECTOR": self.collector,
            "BINNACLE_REDIS_URL": self.redis.url,
            "BINNACLE_LOG_LEVEL": "error",
            "BINNACLE_SEALING_KEY": SEALING_KEY,
            "BINNACLE_PUBLIC_URL": PUBLIC_URL,
            "BINNACLE_OUTGOING_HOSTS": "127.0.0.1,localhost",
        }
        command = (sys.executable, "-m", "services.alerting")
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **settings})
        try:
            async with open_channel(listen) as channel:
                client = Client(channel)
                await _ready(client, process)
                yield client, process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def recorded(self, *steps: str) -> None:
        """Wait until these steps are written, in order."""

        async def written() -> bool:
            return self.intake.steps == list(steps)

        await eventually(written, f"{steps} recorded", within=30)

    async def keeps(self, *words: str) -> None:
        """Wait until Redis has as many alerts as words are given, and each word is in one of them."""

        async def kept() -> bool:
            alerts = [value for name, value in self.redis.fields(KEY).items() if name.startswith("a:")]
            return len(alerts) == len(words) and all(any(word in alert for alert in alerts) for word in words)

        await eventually(kept, f"{words} in Redis", within=30)
