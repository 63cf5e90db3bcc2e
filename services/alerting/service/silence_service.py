"""SilenceService: what holds alerts back from people."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from binnacle.alerting.v1 import silence_service_pb2 as pb, silence_service_pb2_grpc
from services.alerting.convert.silences import (
    PHASES,
    inhibition_from,
    inhibition_message,
    silence_from,
    silence_message,
)
from services.alerting.domain.holding_back.silences import Inhibitions, Silences
from services.alerting.ports.alerts import Alert
from services.alerting.ports.silences import Phase, Silence
from services.alerting.service.pages import page_size
from services.runtime import page_tokens
from services.runtime.calls import current_call

SERVICE = "binnacle.alerting.v1.SilenceService"


class SilenceServicer(silence_service_pb2_grpc.SilenceServiceServicer):
    """Answers for the tenant of the call; `alerts` are those of a tenant that have not ended."""

    def __init__(self, silences: Silences, inhibitions: Inhibitions, alerts: Callable[[str], Iterable[Alert]]) -> None:
        self._silences = silences
        self._inhibitions = inhibitions
        self._alerts = alerts

    async def CreateSilence(self, request: pb.CreateSilenceRequest, context: Any) -> pb.CreateSilenceResponse:
        call = current_call()
        made = await self._silences.create(call.tenant, silence_from(request.silence), call.subject)
        [message] = self._messages(call.tenant, [made])
        return pb.CreateSilenceResponse(silence=message)

    async def UpdateSilence(self, request: pb.UpdateSilenceRequest, context: Any) -> pb.UpdateSilenceResponse:
        tenant = current_call().tenant
        made = await self._silences.update(tenant, silence_from(request.silence))
        [message] = self._messages(tenant, [made])
        return pb.UpdateSilenceResponse(silence=message)

    async def EndSilence(self, request: pb.EndSilenceRequest, context: Any) -> pb.EndSilenceResponse:
        tenant = current_call().tenant
        [message] = self._messages(tenant, [await self._silences.end(tenant, request.id)])
        return pb.EndSilenceResponse(silence=message)

    async def ListSilences(self, request: pb.ListSilencesRequest, context: Any) -> pb.ListSilencesResponse:
        tenant, size = current_call().tenant, page_size(request.page_size)
        wanted = [PHASES.word("phase", request.phase)] if request.phase else [Phase.HOLDING, Phase.WAITING]
        [given] = page_tokens.state_of(tenant, request) or [0]
        found = self._silences.listed(tenant, wanted)
        more = len(found) > given + size
        return pb.ListSilencesResponse(
            silences=self._messages(tenant, found[given : given + size]),
            next_page_token=page_tokens.token_of(tenant, request, [given + size]) if more else "",
        )

    async def SetInhibition(self, request: pb.SetInhibitionRequest, context: Any) -> pb.SetInhibitionResponse:
        made = await self._inhibitions.set(current_call().tenant, inhibition_from(request.inhibition))
        return pb.SetInhibitionResponse(inhibition=inhibition_message(made))

    async def DeleteInhibition(self, request: pb.DeleteInhibitionRequest, context: Any) -> pb.DeleteInhibitionResponse:
        await self._inhibitions.delete(current_call().tenant, request.id)
        return pb.DeleteInhibitionResponse()

    async def ListInhibitions(self, request: pb.ListInhibitionsRequest, context: Any) -> pb.ListInhibitionsResponse:
        known = self._inhibitions.of_tenant(current_call().tenant)
        return pb.ListInhibitionsResponse(inhibitions=map(inhibition_message, known.values()))

    def _messages(self, tenant: str, silences: Iterable[Silence]) -> list[pb.Silence]:
        held = Counter(name for alert in self._alerts(tenant) for name in alert.held_back.silenced_by)
        return [silence_message(one, self._silences.phase(tenant, one)[0], held[one.id]) for one in silences]
