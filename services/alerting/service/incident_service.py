"""IncidentService: alerts that belong together."""

from collections.abc import AsyncIterator
from typing import Any

from binnacle.alerting.v1 import incident_service_pb2 as pb, incident_service_pb2_grpc
from services.alerting.convert.incidents import entry_message, incident_message, wanted_incidents_from
from services.alerting.domain.alerting import Alerting
from services.alerting.service.pages import page_size
from services.alerting.service.sayings import acknowledging, resolving
from services.runtime import page_tokens
from services.runtime.calls import current_call

SERVICE = "binnacle.alerting.v1.IncidentService"


class IncidentServicer(incident_service_pb2_grpc.IncidentServiceServicer):
    """Answers for the tenant of the call."""

    def __init__(self, alerting: Alerting) -> None:
        self._alerting = alerting

    async def ListIncidents(self, request: pb.ListIncidentsRequest, context: Any) -> pb.ListIncidentsResponse:
        tenant, size, wanted = current_call().tenant, page_size(request.page_size), wanted_incidents_from(request)
        place = page_tokens.state_of(tenant, request)
        after = None if place is None else (place[0], place[1])
        page = self._alerting.view(tenant).incidents.page(wanted, after, size)
        return pb.ListIncidentsResponse(
            incidents=map(incident_message, page.incidents),
            next_page_token=page_tokens.token_of(tenant, request, page.next) if page.next else "",
            total=page.total,
        )

    async def GetIncident(self, request: pb.GetIncidentRequest, context: Any) -> pb.GetIncidentResponse:
        found = self._alerting.view(current_call().tenant).incidents.get(request.id)
        return pb.GetIncidentResponse(incident=incident_message(found), timeline=map(entry_message, found.timeline))

    async def WatchIncidents(
        self, request: pb.WatchIncidentsRequest, context: Any
    ) -> AsyncIterator[pb.WatchIncidentsResponse]:
        with self._alerting.view(current_call().tenant).incidents.watch() as (incidents, reader):
            for place, each in enumerate(incidents, start=1):
                synchronised = place == len(incidents)
                yield pb.WatchIncidentsResponse(incident=incident_message(each), synchronised=synchronised)
            if not incidents:
                yield pb.WatchIncidentsResponse(synchronised=True)
            while True:
                yield pb.WatchIncidentsResponse(incident=incident_message(await reader.next()), synchronised=True)

    async def AcknowledgeIncident(
        self, request: pb.AcknowledgeIncidentRequest, context: Any
    ) -> pb.AcknowledgeIncidentResponse:
        said = acknowledging(request)
        incident = await self._alerting.acknowledge_incident(current_call().tenant, request.id, *said)
        return pb.AcknowledgeIncidentResponse(incident=incident_message(incident))

    async def ResolveIncident(self, request: pb.ResolveIncidentRequest, context: Any) -> pb.ResolveIncidentResponse:
        said = resolving(request)
        incident = await self._alerting.resolve_incident(current_call().tenant, request.id, *said)
        return pb.ResolveIncidentResponse(incident=incident_message(incident))
