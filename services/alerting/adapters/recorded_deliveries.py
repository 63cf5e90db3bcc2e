"""What was recorded of attempts to tell somebody, from the aggregator."""

from collections.abc import AsyncGenerator, Iterable

import grpc

from binnacle.aggregator.v1 import event_service_pb2 as pb, event_service_pb2_grpc
from binnacle.query.v1 import filters_pb2
from services.alerting.convert.deliveries import delivery_from
from services.alerting.ports.notifications import Delivery, WantedDeliveries
from services.core.conventions import NOTIFICATION_EVENT
from services.runtime.calls import acting_for
from services.runtime.statuses import translated_errors
from services.runtime.times import timestamp

PAGE = 1_000


class RecordedDeliveries:
    """See DeliveryLog."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = event_service_pb2_grpc.EventServiceStub(channel)

    async def of(self, tenant: str, since: float) -> AsyncGenerator[Delivery, None]:
        token = ""
        wanted = filters_pb2.EventFilter(start_time=timestamp(since), types=[NOTIFICATION_EVENT])
        while True:
            found, token = await self._page(tenant, wanted, PAGE, token)
            for delivery in found:
                yield delivery
            if not token:
                return

    async def page(self, tenant: str, wanted: WantedDeliveries, size: int, token: str) -> tuple[list[Delivery], str]:
        asked = filters_pb2.EventFilter(
            start_time=timestamp(wanted.start),
            end_time=timestamp(wanted.end),
            types=[NOTIFICATION_EVENT],
            # Incidents stand within lists, which no condition looks into.
            text=f'"{wanted.incident_id}"' if wanted.incident_id else "",
            attributes=_conditions(wanted),
        )
        return await self._page(tenant, asked, size, token)

    async def _page(
        self, tenant: str, wanted: filters_pb2.EventFilter, size: int, token: str
    ) -> tuple[list[Delivery], str]:
        request = pb.SearchEventsRequest(filter=wanted, page_size=size, page_token=token)
        with acting_for(tenant), translated_errors("aggregator"):
            page = await self._stub.SearchEvents(request)
        found = (delivery_from(event) for event in page.events)
        return [one for one in found if one is not None], page.next_page_token


def _conditions(wanted: WantedDeliveries) -> Iterable[filters_pb2.AttributeCondition]:
    asked = {"receiver_id": wanted.receiver_id, "outcome": wanted.outcome.value if wanted.outcome else ""}
    equal = filters_pb2.AttributeCondition.OPERATOR_EQUAL
    told = ((name, value) for name, value in asked.items() if value)
    return [filters_pb2.AttributeCondition(path=[name], operator=equal, text=value) for name, value in told]
