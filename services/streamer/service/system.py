"""SystemService: the suite about itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from binnacle.aggregator.v1 import overview_service_pb2, overview_service_pb2_grpc
from binnacle.figures.v1 import figures_pb2
from binnacle.streamer.v1 import system_service_pb2 as pb, system_service_pb2_grpc
from services.core.brief_answers import BriefAnswers
from services.core.clock import Clock
from services.core.conventions import DEGRADED, HEALTHY
from services.core.errors import Forbidden, Unavailable
from services.core.tenants import DEFAULT_TENANT
from services.runtime.calls import current_call
from services.runtime.process import Registration
from services.runtime.statuses import status_from, translated_errors
from services.streamer.convert.components import PROCESS, Suite
from services.streamer.convert.exposition import merged_exposition
from services.streamer.convert.figures import moment
from services.streamer.convert.json_text import json_bytes
from services.streamer.convert.readings import Reading
from services.streamer.domain.condition import condition, metrics_of
from services.streamer.domain.hub import Hub
from services.streamer.domain.kept import Kept
from services.streamer.ports import Part

SERVICE = "binnacle.streamer.v1.SystemService"
SUITE = "binnacle"
DISTRIBUTION = "binnacle-suite"
HOUR = 3600.0
TEXT_SECONDS = 1.0
"""How long the text of metrics is told again: who collects it asks each second at most."""

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Installation:
    """How this suite was set up: whether calls need a token (`off`, `jwt`), whether demonstration input runs."""

    auth: str
    demo: bool


class SystemServicer(system_service_pb2_grpc.SystemServiceServicer):
    """Asks every part, and the aggregator for what it holds; reads what is kept of the suite."""

    def __init__(
        self,
        hub: Hub,
        aggregator: grpc.aio.Channel,
        parts: Sequence[Part],
        clock: Clock,
        kept: tuple[Kept, Kept],
        installation: Installation,
    ) -> None:
        self._hub = hub
        self._overview = overview_service_pb2_grpc.OverviewServiceStub(aggregator)
        self._parts = parts
        self._clock = clock
        self._figures, self._suite = kept
        self._installation = installation
        self._texts = BriefAnswers(clock, TEXT_SECONDS)
        self._started = clock.monotonic()
        self._began = clock.now()
        self._version = version(DISTRIBUTION)

    async def health(self) -> pb.GetHealthResponse:
        """The health of the suite. Raises Unavailable naming the parts that are not ready."""
        components = await condition(self._parts)
        response = pb.GetHealthResponse(
            status=HEALTHY,
            service=SUITE,
            version=self._version,
            uptime_hours=self._uptime_hours(),
            components=components,
        )
        response.timestamp.FromMilliseconds(int(self._clock.now() * 1000))
        return response

    async def health_answer(self) -> tuple[int, bytes]:
        """The health as HTTP status and JSON, as the edge answers it at /health."""
        try:
            return HTTPStatus.OK, json_bytes(await self.health())
        except Unavailable as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, json_bytes(status_from(error))

    async def GetHealth(self, request: pb.GetHealthRequest, context: Context) -> pb.GetHealthResponse:
        return await self.health()

    async def GetStats(self, request: pb.GetStatsRequest, context: Context) -> pb.GetStatsResponse:
        with translated_errors("aggregator"):
            held = await self._overview.GetIntakeStats(overview_service_pb2.GetIntakeStatsRequest())
        return pb.GetStatsResponse(
            total_events=held.events,
            total_metrics=held.samples,
            total_logs=held.logs,
            total_heartbeats=held.heartbeats,
            total_series=held.series,
            active_services=held.services,
            active_connections=self._hub.connections(current_call().tenant),
            events_by_type=held.events_by_type,
            uptime_hours=self._uptime_hours(),
        )

    async def GetMetricsText(self, request: pb.GetMetricsTextRequest, context: Context) -> pb.GetMetricsTextResponse:
        tenant = current_call().tenant

        async def made() -> bytes:
            return merged_exposition(await metrics_of(self._parts), tenant)

        text = await self._texts.answer(tenant, made)
        return pb.GetMetricsTextResponse(content=HttpBody(content_type=CONTENT_TYPE_PLAIN_0_0_4, data=text))

    async def GetSystemHealth(self, request: pb.GetSystemHealthRequest, context: Context) -> pb.GetSystemHealthResponse:
        found = await self._read()
        found.require_ready()
        components = found.components
        return pb.GetSystemHealthResponse(
            status=HEALTHY if all(one.status == HEALTHY for one in components) else DEGRADED,
            timestamp=moment(self._clock.now()),
            version=self._version,
            uptime_seconds=self._clock.monotonic() - self._started,
            components=components,
        )

    async def ListComponents(self, request: pb.ListComponentsRequest, context: Context) -> pb.ListComponentsResponse:
        components = (await self._read()).components
        healthy = sum(one.status == HEALTHY for one in components)
        return pb.ListComponentsResponse(components=components, healthy=healthy, total=len(components))

    async def GetSystemInfo(self, request: pb.GetSystemInfoRequest, context: Context) -> pb.GetSystemInfoResponse:
        components = (await self._read()).components
        return pb.GetSystemInfoResponse(
            service=SUITE,
            version=self._version,
            timestamp=moment(self._clock.now()),
            started_time=moment(self._began),
            uptime_seconds=self._clock.monotonic() - self._started,
            auth=self._installation.auth,
            demo=self._installation.demo,
            processes=[one.process for one in components if one.HasField("process")],
            missing=[
                figures_pb2.MissingPart(part=one.name, reason=one.problem)
                for one in components
                if one.kind == PROCESS and not one.HasField("process")
            ],
        )

    async def GetConfig(self, request: pb.GetConfigRequest, context: Context) -> pb.GetConfigResponse:
        # Addresses and folders are the installation's, not a tenant's.
        if current_call().tenant != DEFAULT_TENANT:
            raise Forbidden(f"settings are for administrators of the tenant {DEFAULT_TENANT} alone")
        found = await self._read()
        suite = found.find("components", Suite)
        configs = suite.configs if suite else ()
        told = {config.process for config in configs}
        return pb.GetConfigResponse(
            processes=configs,
            missing=[
                figures_pb2.MissingPart(part=one.name, reason=one.problem)
                for one in found.components
                if one.kind == PROCESS and one.name not in told
            ],
        )

    async def _read(self) -> Reading:
        """What is known of the suite; of the store by what the caller's tenant is told."""
        told = await self._figures.tell(current_call().tenant, ["pipeline"])
        told |= await self._suite.tell("", ["components"])
        return Reading(self._clock.now(), told, {})

    def _uptime_hours(self) -> float:
        return (self._clock.monotonic() - self._started) / HOUR


def registration(servicer: SystemServicer) -> Registration:
    """The service as it is added to a server."""
    return Registration(system_service_pb2_grpc.add_SystemServiceServicer_to_server, servicer, SERVICE)
