"""AlertService: alerts for people and programs."""

from collections.abc import AsyncIterator
from typing import Any

from binnacle.alerting.v1 import alert_service_pb2 as pb, alert_service_pb2_grpc
from services.alerting.convert.alerts import alert_message, counts_message, wanted_from
from services.alerting.convert.conditions import SEVERITIES
from services.alerting.convert.explanations import explanation_message
from services.alerting.convert.steps import step_message
from services.alerting.domain.alerting import Alerting
from services.alerting.domain.listing import Wanted, place_of
from services.alerting.domain.machine import ENDED
from services.alerting.domain.rules.book import RuleBook
from services.alerting.domain.view import RESOLVED_KEPT
from services.alerting.ports.alerts import Alert
from services.alerting.ports.explanations import Explaining
from services.alerting.service.pages import fitting, page_size
from services.alerting.service.sayings import acknowledging, resolving
from services.core.clock import Clock
from services.core.errors import DeadlineExceeded, NotFound, Unavailable
from services.runtime import page_tokens
from services.runtime.calls import current_call

SERVICE = "binnacle.alerting.v1.AlertService"


class AlertServicer(alert_service_pb2_grpc.AlertServiceServicer):
    """Answers for the tenant of the call."""

    def __init__(self, alerting: Alerting, rules: RuleBook, explaining: Explaining, clock: Clock) -> None:
        self._alerting = alerting
        self._rules = rules
        self._explaining = explaining
        self._clock = clock

    async def ListAlerts(self, request: pb.ListAlertsRequest, context: Any) -> pb.ListAlertsResponse:
        tenant, size, wanted = current_call().tenant, page_size(request.page_size), wanted_from(request)
        place = page_tokens.state_of(tenant, request)
        view = self._alerting.view(tenant)
        page = view.page(wanted, None if place is None else (place[0], place[1]), size)
        alerts = fitting(self._message(tenant, alert) for alert in page.alerts)
        after = page.next if len(alerts) == len(page.alerts) else place_of(page.alerts[len(alerts) - 1])
        return pb.ListAlertsResponse(
            alerts=alerts,
            next_page_token=page_tokens.token_of(tenant, request, after) if after else "",
            total=page.total,
            counts=counts_message(view.counts(), self._clock.now()),
        )

    async def ListRecentAlerts(self, request: pb.ListRecentAlertsRequest, context: Any) -> pb.ListRecentAlertsResponse:
        tenant, size = current_call().tenant, page_size(request.limit, "limit")
        severity = SEVERITIES.word("severity", request.severity) if request.severity else None
        wanted = Wanted(severity=severity, fired_since=self._clock.now() - RESOLVED_KEPT)
        page = self._alerting.view(tenant).page(wanted, None, size)
        alerts = [self._message(tenant, alert) for alert in page.alerts]
        return pb.ListRecentAlertsResponse(alerts=alerts, count=len(alerts))

    async def GetAlert(self, request: pb.GetAlertRequest, context: Any) -> pb.GetAlertResponse:
        tenant = current_call().tenant
        kept = self._alerting.view(tenant).get(request.id)
        return pb.GetAlertResponse(
            alert=self._message(tenant, kept.alert),
            steps=map(step_message, kept.steps),
            explanation=await self._why(tenant, kept.alert),
        )

    async def ExplainAlert(self, request: pb.ExplainAlertRequest, context: Any) -> pb.ExplainAlertResponse:
        tenant = current_call().tenant
        rule, labels = self._rules.get(tenant, request.rule_id), tuple(sorted(request.labels.items()))
        explanations = await self._explaining.explain(tenant, rule, labels)
        return pb.ExplainAlertResponse(explanations=map(explanation_message, explanations))

    async def WatchAlerts(self, request: pb.WatchAlertsRequest, context: Any) -> AsyncIterator[pb.WatchAlertsResponse]:
        tenant = current_call().tenant
        with self._alerting.watch(tenant) as (alerts, reader):
            for place, alert in enumerate(alerts, start=1):
                yield pb.WatchAlertsResponse(alert=self._message(tenant, alert), synchronised=place == len(alerts))
            if not alerts:
                yield pb.WatchAlertsResponse(synchronised=True)
            while True:
                yield pb.WatchAlertsResponse(alert=alert_message(await reader.next()), synchronised=True)

    async def AcknowledgeAlert(self, request: pb.AcknowledgeAlertRequest, context: Any) -> pb.AcknowledgeAlertResponse:
        tenant, said = current_call().tenant, acknowledging(request)
        kept = await self._alerting.acknowledge(tenant, request.id, *said)
        return pb.AcknowledgeAlertResponse(alert=self._message(tenant, kept.alert))

    async def ResolveAlert(self, request: pb.ResolveAlertRequest, context: Any) -> pb.ResolveAlertResponse:
        tenant, said = current_call().tenant, resolving(request)
        kept = await self._alerting.resolve(tenant, request.id, *said)
        return pb.ResolveAlertResponse(alert=self._message(tenant, kept.alert))

    async def _why(self, tenant: str, alert: Alert) -> pb.Explanation | None:
        """Why an alert is as it is; None once it has ended, and where its rule cannot be asked now."""
        if alert.state in ENDED:
            return None
        try:
            rule = self._rules.get(tenant, alert.rule_id)
            found = await self._explaining.explain(tenant, rule, alert.group)
        except (NotFound, Unavailable, DeadlineExceeded):
            return None
        return explanation_message(found[0])

    def _message(self, tenant: str, alert: Alert) -> Any:
        return alert_message(self._alerting.now(tenant, alert))
