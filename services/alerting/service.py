"""AlertService: alerts for people and programs."""

from collections.abc import AsyncIterator

import grpc

from binnacle.alerting.v1 import alert_service_pb2, alert_service_pb2_grpc
from services.alerting.convert import alert_message, page_token, place_from, state_filter
from services.alerting.domain.alerting import Alerting
from services.alerting.domain.listing import page
from services.core.errors import InvalidInput
from services.runtime.calls import current_call

SERVICE = "binnacle.alerting.v1.AlertService"
PAGE_SIZE = 100
LARGEST_PAGE = 1000

ListRequest = alert_service_pb2.ListAlertsRequest
ListResponse = alert_service_pb2.ListAlertsResponse
WatchRequest = alert_service_pb2.WatchAlertsRequest
WatchResponse = alert_service_pb2.WatchAlertsResponse


class AlertServicer(alert_service_pb2_grpc.AlertServiceServicer):
    """Answers for the tenant of the call."""

    def __init__(self, alerting: Alerting) -> None:
        self._alerting = alerting

    async def ListAlerts(
        self, request: ListRequest, context: grpc.aio.ServicerContext[ListRequest, ListResponse]
    ) -> ListResponse:
        if request.page_size > LARGEST_PAGE:
            raise InvalidInput.of("page_size", f"must be at most {LARGEST_PAGE}")
        state = state_filter(request.state)
        after = place_from(request.page_token, state)
        alerts = self._alerting.alerts(current_call().tenant)
        found = page(alerts, state, after, request.page_size or PAGE_SIZE)
        return ListResponse(
            alerts=[alert_message(alert) for alert in found.alerts], next_page_token=page_token(found.next, state)
        )

    async def WatchAlerts(
        self, request: WatchRequest, context: grpc.aio.ServicerContext[WatchRequest, WatchResponse]
    ) -> AsyncIterator[WatchResponse]:
        with self._alerting.watch(current_call().tenant) as (alerts, reader):
            for place, alert in enumerate(alerts, start=1):
                yield WatchResponse(alert=alert_message(alert), synchronised=place == len(alerts))
            if not alerts:
                yield WatchResponse(synchronised=True)
            while True:
                yield WatchResponse(alert=alert_message(await reader.next()), synchronised=True)
