"""Transitions recorded as events, through the collector like anybody's."""

from collections.abc import Sequence
from hashlib import blake2b

import grpc

from binnacle.collector.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from services.alerting.convert import transition_events
from services.alerting.ports import Alert
from services.core.errors import InvalidInput
from services.runtime.calls import acting_for
from services.runtime.logs import Log
from services.runtime.statuses import translated_errors


class CollectorLog:
    """Writes events of type `alert`; an acknowledged one is durable, and one that is repeated as it was counts once."""

    def __init__(self, channel: grpc.aio.Channel, log: Log) -> None:
        self._stub = ingest_service_pb2_grpc.IngestServiceStub(channel)
        self._log = log

    async def record(self, tenant: str, transitions: Sequence[Alert]) -> int:
        request = ingest_service_pb2.WriteEventsRequest(events=transition_events(transitions))
        request.batch_id = blake2b(request.SerializeToString(deterministic=True), digest_size=16).hexdigest()
        try:
            with acting_for(tenant), translated_errors("collector"):
                response = await self._stub.WriteEvents(request)
        except InvalidInput as refused:
            self._log.error("transitions refused", tenant=tenant, count=len(transitions), reason=str(refused))
            return len(transitions)
        if response.rejected:
            reasons = [f"{rejection.field}: {rejection.description}" for rejection in response.rejections]
            self._log.error("transitions refused", tenant=tenant, count=response.rejected, reason="; ".join(reasons))
        return response.rejected
