"""A request of JSON, signed; docs/alerting.md says how it is verified."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from services.alerting.adapters.senders.posting import Reply, judged, post
from services.alerting.ports.incidents import Incident
from services.alerting.ports.notifications import Answer, Notice, Notification
from services.alerting.ports.notifiers import Webhook

SIGNATURE, KEY, REPEAT = "Binnacle-Signature", "Idempotency-Key", "Binnacle-May-Be-Repeat"


def signature(secret: str, at: float, body: bytes) -> str:
    """`t=<Unix seconds>,v1=<HMAC-SHA256 of "<Unix seconds>.<body>" in hexadecimal digits>`."""
    stamp = str(int(at))
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"t={stamp},v1={mac.hexdigest()}"


async def send(
    session: aiohttp.ClientSession, webhook: Webhook, receiver_id: str, told: Notification, go: Callable[[], None]
) -> Answer:
    """Send a notification to a webhook. Raises Stale where `go` does."""
    body = json.dumps(payload(receiver_id, told), ensure_ascii=False).encode()
    headers = {KEY: told.key, "User-Agent": "Binnacle"}
    if told.may_be_repeat:
        headers[REPEAT] = "true"
    if webhook.secret:
        headers[SIGNATURE] = signature(webhook.secret, told.at, body)
    if webhook.authorization:
        headers["Authorization"] = webhook.authorization
    reply = await post(session, webhook.url, body, headers, go)
    return judged(reply) if isinstance(reply, Reply) else reply


def payload(receiver_id: str, told: Notification) -> Mapping[str, Any]:
    """What a webhook is sent; the form is stable, and may gain fields."""
    return {
        "version": 1,
        "key": told.key,
        "may_be_repeat": told.may_be_repeat,
        "tenant": told.tenant,
        "receiver": receiver_id,
        "reason": told.reason.value,
        "severity": told.severity.value,
        "time": time_text(told.at),
        "title": told.title,
        "text": told.text,
        "why": told.why,
        "incidents": [_incident(one, link) for one, link in zip(told.notices, told.links, strict=True)],
    }


def _incident(notice: Notice, link: str) -> Mapping[str, Any]:
    incident = notice.incident
    return {
        "id": incident.id,
        "reason": notice.reason.value,
        "title": incident.title,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "started_at": time_text(incident.started_at),
        "ended_at": None if incident.ended_at is None else time_text(incident.ended_at),
        "labels": dict(incident.group),
        "services": list(incident.services),
        "alerts": incident.size,
        "active_alerts": incident.active,
        "members": _members(incident),
        "likely_origins": [{"name": one.name, "share": one.share, "why": one.why} for one in incident.origins],
        "acknowledged_by": incident.acknowledgement.person if incident.acknowledgement else None,
        "resolved_by": incident.ended_by.person if incident.ended_by else None,
        "annotations": dict(notice.annotations),
        "runbook_url": notice.runbook_url,
        "link": link,
    }


def _members(incident: Incident) -> list[Mapping[str, Any]]:
    return [
        {
            "alert_id": one.alert_id,
            "rule_id": one.rule_id,
            "name": one.name,
            "severity": one.severity.value,
            "service": one.service,
            "since": time_text(one.since),
            "until": None if one.until is None else time_text(one.until),
        }
        for one in incident.members
    ]


def time_text(at: float) -> str:
    """A time as JSON has it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
