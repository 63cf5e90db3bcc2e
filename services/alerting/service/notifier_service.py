"""NotifierService: who is told of incidents, and what became of it."""

import secrets
from typing import Any

from binnacle.alerting.v1 import notifier_service_pb2 as pb, notifier_service_pb2_grpc
from binnacle.notifications.v1 import notifications_pb2 as data
from services.alerting.convert.conditions import SEVERITIES
from services.alerting.convert.deliveries import delivery_message, time_from, wanted_from
from services.alerting.convert.notifier_messages import on_call_message
from services.alerting.convert.notifiers import notifiers_from, receiver_from, shown_message, smtp_from
from services.alerting.domain.label_matching import Expressions
from services.alerting.domain.telling.rotations import on_call
from services.alerting.domain.telling.setup import NotifierBook
from services.alerting.domain.telling.trying import Previewed, Probes, preview
from services.alerting.ports.alerts import Severity
from services.alerting.ports.notifications import DeliveryLog
from services.alerting.ports.notifiers import Notifiers
from services.alerting.ports.silences import RULE_LABEL, SEVERITY_LABEL
from services.alerting.ports.states import Batch
from services.alerting.ports.transitions import TransitionLog
from services.alerting.service.pages import page_size
from services.core.clock import Clock
from services.core.errors import InvalidInput
from services.runtime import page_tokens
from services.runtime.access import Access
from services.runtime.calls import current_call
from services.runtime.roles import ADMIN
from services.runtime.times import duration

SERVICE = "binnacle.alerting.v1.NotifierService"
MOST_LABELS = 100


class NotifierServicer(notifier_service_pb2_grpc.NotifierServiceServicer):
    """Answers for the tenant of the call; `log` records probes, `recorded` reads what was recorded."""

    def __init__(
        self,
        book: NotifierBook,
        probes: Probes,
        log: TransitionLog,
        recorded: DeliveryLog,
        expressions: Expressions,
        clock: Clock,
        access: Access,
    ) -> None:
        self._book = book
        self._probes = probes
        self._log = log
        self._recorded = recorded
        self._expressions = expressions
        self._clock = clock
        self._access = access

    async def GetNotifiers(self, request: pb.GetNotifiersRequest, context: Any) -> pb.GetNotifiersResponse:
        notifiers, now = self._book.of_tenant(current_call().tenant), self._clock.now()
        return pb.GetNotifiersResponse(
            notifiers=self._shown(notifiers),
            on_call=[on_call_message(one.id, on_call(one, now)) for one in notifiers.rotations],
        )

    async def SetNotifiers(self, request: pb.SetNotifiersRequest, context: Any) -> pb.SetNotifiersResponse:
        given = notifiers_from(request.notifiers)
        made, changed = await self._book.set(current_call().tenant, given, dry_run=request.dry_run)
        return pb.SetNotifiersResponse(notifiers=self._shown(made), changed=changed)

    async def TestNotifier(self, request: pb.TestNotifierRequest, context: Any) -> pb.TestNotifierResponse:
        tenant = current_call().tenant
        given = receiver_from(request.receiver) if request.HasField("receiver") else None
        smtp = smtp_from(request.smtp) if request.HasField("smtp") else None
        receiver, smtp = self._book.to_test(tenant, request.receiver_id, given, smtp)
        delivery = await self._probes.send(tenant, receiver, smtp)
        await self._log.record(tenant, Batch(secrets.token_hex(16), (), (delivery,)))
        return pb.TestNotifierResponse(delivery=delivery_message(delivery))

    async def PreviewNotifications(
        self, request: pb.PreviewNotificationsRequest, context: Any
    ) -> pb.PreviewNotificationsResponse:
        if len(request.labels) > MOST_LABELS:
            raise InvalidInput.of("labels", f"must be at most {MOST_LABELS}")
        severity = SEVERITIES.word("severity", request.severity) if request.severity else Severity.CRITICAL
        labels = {**request.labels, RULE_LABEL: request.rule_id, SEVERITY_LABEL: severity.value}
        at = time_from("time", request.time) if request.HasField("time") else self._clock.now()
        found = preview(self._book.of_tenant(current_call().tenant), labels, at, self._expressions)
        return pb.PreviewNotificationsResponse(notifications=map(_previewed_message, found))

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest, context: Any) -> pb.ListDeliveriesResponse:
        tenant, size = current_call().tenant, page_size(request.page_size)
        # Of the first page: "now" must not move between pages.
        now, token = page_tokens.state_of(tenant, request) or [self._clock.now(), ""]
        found, more = await self._recorded.page(tenant, wanted_from(request, now), size, token)
        return pb.ListDeliveriesResponse(
            deliveries=map(delivery_message, found),
            next_page_token=page_tokens.token_of(tenant, request, [now, more]) if more else "",
        )

    def _shown(self, notifiers: Notifiers) -> data.Notifiers:
        """What is set up, as the caller may see it."""
        return shown_message(notifiers, whole=self._access.lack(current_call().roles, ADMIN) is None)


def _previewed_message(previewed: Previewed) -> pb.PreviewedNotification:
    return pb.PreviewedNotification(
        after=duration(previewed.after),
        receiver_id=previewed.target.receiver,
        rotation_id=previewed.target.rotation,
        person=previewed.target.person,
        escalation_id=previewed.escalation,
    )
