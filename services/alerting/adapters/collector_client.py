"""Transitions, and attempts to tell of them, recorded as events, through the collector like anybody's."""

import grpc

from binnacle.collector.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from services.alerting.convert.deliveries import delivery_event
from services.alerting.convert.transitions import transition_event
from services.alerting.ports.states import Batch
from services.core.errors import InvalidInput
from services.runtime.calls import acting_for
from services.runtime.logs import Log
from services.runtime.statuses import translated_errors


class CollectorLog:
    """Writes events of type `alert` and `notification`; an acknowledged one is durable."""

    def __init__(self, channel: grpc.aio.Channel, log: Log) -> None:
        self._stub = ingest_service_pb2_grpc.IngestServiceStub(channel)
        self._log = log

    async def record(self, tenant: str, batch: Batch) -> int:
        events = [*map(transition_event, batch.transitions), *map(delivery_event, batch.deliveries)]
        request = ingest_service_pb2.WriteEventsRequest(events=events, batch_id=batch.name)
        try:
            with acting_for(tenant), translated_errors("collector"):
                response = await self._stub.WriteEvents(request)
        except InvalidInput as refused:
            self._log.error("events refused", tenant=tenant, count=len(events), reason=str(refused))
            return len(events)
        if response.rejected:
            reasons = [f"{rejection.field}: {rejection.description}" for rejection in response.rejections]
            self._log.error("events refused", tenant=tenant, count=response.rejected, reason="; ".join(reasons))
        return response.rejected
