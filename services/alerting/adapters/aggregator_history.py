"""What was recorded of alerts, from the aggregator."""

from collections.abc import AsyncGenerator

import grpc

from binnacle.aggregator.v1 import event_service_pb2 as pb, event_service_pb2_grpc
from binnacle.query.v1 import filters_pb2
from services.alerting.convert.transitions import transition_from
from services.alerting.ports.alerts import Transition
from services.core.conventions import ALERT_EVENT
from services.runtime.calls import acting_for
from services.runtime.statuses import translated_errors
from services.runtime.times import timestamp

PAGE = 1_000


class AggregatorHistory:
    """See History."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = event_service_pb2_grpc.EventServiceStub(channel)

    async def of(self, tenant: str, since: float) -> AsyncGenerator[Transition, None]:
        wanted = filters_pb2.EventFilter(start_time=timestamp(since), types=[ALERT_EVENT])
        token = ""
        while True:
            request = pb.SearchEventsRequest(filter=wanted, page_size=PAGE, page_token=token)
            with acting_for(tenant), translated_errors("aggregator"):
                page = await self._stub.SearchEvents(request)
            for event in page.events:
                transition = transition_from(event)
                if transition is not None:
                    yield transition
            token = page.next_page_token
            if not token:
                return
