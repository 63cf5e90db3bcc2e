"""PagerDuty, Events API v2: an incident is one alert there, known by its `dedup_key`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from services.alerting.adapters.senders.posting import Reply, judged, post
from services.alerting.adapters.senders.webhook import time_text
from services.alerting.ports.incidents import IncidentState
from services.alerting.ports.notifications import Answer, Notification, Reason, Verdict
from services.alerting.ports.notifiers import PagerDuty

LONGEST_SUMMARY = 1_000
_TRIGGERS = frozenset(
    {Reason.OPENED, Reason.GREW, Reason.REOPENED, Reason.ESCALATED, Reason.REMINDER, Reason.UNACKNOWLEDGED}
)


async def send(
    session: aiohttp.ClientSession, pagerduty: PagerDuty, told: Notification, go: Callable[[], None]
) -> Answer:
    """Send a notification to PagerDuty. A test is resolved at once, so that it wakes nobody. Raises Stale as `go`."""
    answer = await _enqueue(session, pagerduty, event(pagerduty, told), go)
    if told.reason is Reason.TEST and answer.verdict is Verdict.DELIVERED:
        return await _enqueue(session, pagerduty, {**event(pagerduty, told), "event_action": "resolve"}, go)
    return answer


async def _enqueue(
    session: aiohttp.ClientSession, pagerduty: PagerDuty, held: Mapping[str, Any], go: Callable[[], None]
) -> Answer:
    body = json.dumps(held, ensure_ascii=False).encode()
    reply = await post(session, pagerduty.url, body, {"User-Agent": "Binnacle"}, go)
    return judged(reply) if isinstance(reply, Reply) else reply


def event(pagerduty: PagerDuty, told: Notification) -> Mapping[str, Any]:
    """What PagerDuty is sent."""
    [notice], [link] = told.notices, told.links
    incident = notice.incident
    held: dict[str, Any] = {
        "routing_key": pagerduty.routing_key,
        "event_action": _action(notice.reason, incident.state),
        "dedup_key": f"binnacle-{incident.id}",
        "client": "Binnacle",
        "payload": {
            "summary": told.title[:LONGEST_SUMMARY],
            "source": ", ".join(incident.services)[:200] or told.tenant,
            "severity": told.severity.value,
            "timestamp": time_text(incident.started_at),
            "component": incident.services[0] if incident.services else None,
            "class": incident.members[0].rule_id if incident.members else None,
            "custom_details": {
                "text": told.text,
                "labels": dict(incident.group),
                "alerts": incident.size,
                "key": told.key,
                "may_be_repeat": told.may_be_repeat,
            },
        },
    }
    if link:
        held |= {"client_url": link, "links": [{"href": link, "text": "Binnacle"}]}
    return held


def _action(reason: Reason, state: IncidentState) -> str:
    if state is IncidentState.RESOLVED:
        return "resolve"
    return "trigger" if reason in _TRIGGERS or reason is Reason.TEST else "acknowledge"
