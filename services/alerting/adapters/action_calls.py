"""Calls the webhooks that are to repair what alerts are about; signed as notifications are."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from services.alerting.adapters.senders.posting import Reply, judged, post
from services.alerting.adapters.senders.webhook import KEY, REPEAT, SIGNATURE, signature, time_text
from services.alerting.ports.actions import Run
from services.alerting.ports.notifications import Answer, Verdict
from services.alerting.ports.notifiers import Notifiers, Webhook
from services.core.clock import Clock


class ActionCalls:
    """See ActionCaller."""

    def __init__(self, session: aiohttp.ClientSession, notifiers: Callable[[str], Notifiers], clock: Clock) -> None:
        self._session = session
        self._notifiers = notifiers
        self._clock = clock

    async def call(self, receiver_id: str, run: Run, go: Callable[[], None]) -> Answer:
        receiver = self._notifiers(run.tenant).receiver(receiver_id)
        if receiver is None or not isinstance(receiver.means, Webhook):
            return Answer(Verdict.REFUSED, f"there is no receiver {receiver_id} of the kind webhook")
        webhook, at = receiver.means, self._clock.now()
        body = json.dumps(_payload(run, at), ensure_ascii=False).encode()
        headers = {KEY: run.key, "User-Agent": "Binnacle"}
        if run.may_be_repeat:
            headers[REPEAT] = "true"
        if webhook.secret:
            headers[SIGNATURE] = signature(webhook.secret, at, body)
        if webhook.authorization:
            headers["Authorization"] = webhook.authorization
        reply = await post(self._session, webhook.url, body, headers, go)
        return judged(reply) if isinstance(reply, Reply) else reply


def _payload(run: Run, at: float) -> Mapping[str, Any]:
    """What is sent; the form is stable, and may gain fields."""
    alert = run.alert
    return {
        "version": 1,
        "action": alert.rule_id,
        "title": f"{alert.name}: {alert.service}" if alert.service else alert.name,
        "key": run.key,
        "may_be_repeat": run.may_be_repeat,
        "tenant": run.tenant,
        "time": time_text(at),
        "alert": {
            "id": alert.id,
            "incident_id": alert.incident_id,
            "rule_id": alert.rule_id,
            "name": alert.name,
            "severity": alert.severity.value,
            "state": alert.state.value,
            "labels": dict(alert.labels),
            "annotations": dict(alert.annotations),
            "value": alert.value,
            "threshold": alert.threshold,
            "started_at": time_text(alert.started_at),
            "runbook_url": alert.runbook_url,
        },
    }
