"""How long data is kept."""

import grpc

from binnacle.aggregator.v1 import retention_service_pb2 as pb, retention_service_pb2_grpc
from services.aggregator.domain.keeping.retention import KINDS, Change, Retentions
from services.aggregator.ports.retention import Archived
from services.runtime.calls import current_call


class RetentionServicer(retention_service_pb2_grpc.RetentionServiceServicer):
    """Tells and sets the retention of the caller's tenant."""

    def __init__(self, retentions: Retentions) -> None:
        self._retentions = retentions

    async def GetRetention(
        self,
        request: pb.GetRetentionRequest,
        context: grpc.aio.ServicerContext[pb.GetRetentionRequest, pb.GetRetentionResponse],
    ) -> pb.GetRetentionResponse:
        await self._retentions.read()
        return pb.GetRetentionResponse(kinds=await self._kinds(current_call().tenant))

    async def UpdateRetention(
        self,
        request: pb.UpdateRetentionRequest,
        context: grpc.aio.ServicerContext[pb.UpdateRetentionRequest, pb.UpdateRetentionResponse],
    ) -> pb.UpdateRetentionResponse:
        tenant = current_call().tenant
        await self._retentions.change(tenant, [_change(one) for one in request.changes])
        return pb.UpdateRetentionResponse(kinds=await self._kinds(tenant))

    async def _kinds(self, tenant: str) -> list[pb.Retention]:
        policies, archived = self._retentions.of(tenant), await self._retentions.archived(tenant)
        return [
            pb.Retention(
                kind=kind.name,
                days=policies[kind.name].days,
                archive=policies[kind.name].archive,
                default_days=kind.days,
                min_days=kind.least,
                max_days=kind.most,
                archived=_archived(archived.get(kind.name, Archived())),
            )
            for kind in KINDS.values()
        ]


def _change(told: pb.RetentionChange) -> Change:
    return Change(
        told.kind,
        told.days if told.HasField("days") else None,
        told.archive if told.HasField("archive") else None,
    )


def _archived(told: Archived) -> pb.Archived:
    made = pb.Archived(files=told.files, rows=told.rows, bytes=told.bytes)
    if told.end is not None:
        made.end_time.FromMilliseconds(round(told.end * 1e3))
    return made
