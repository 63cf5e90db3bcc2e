"""Slack: an incoming webhook, or `chat.postMessage`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from services.alerting.adapters.senders.posting import Reply, judged, post
from services.alerting.ports.alerts import Severity
from services.alerting.ports.incidents import IncidentState
from services.alerting.ports.notifications import Answer, Notification, Verdict
from services.alerting.ports.notifiers import Slack

LONGEST_TEXT = 2_900
_COLOURS = {Severity.INFO: "#3b7ddd", Severity.WARNING: "#e0a100", Severity.CRITICAL: "#d03b3b"}
_OVER = "#2e8b57"
_FAILURES = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"})
"""What Slack says where it may or may not have posted."""
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


async def send(session: aiohttp.ClientSession, slack: Slack, told: Notification, go: Callable[[], None]) -> Answer:
    """Send a notification to Slack. Raises Stale where `go` does."""
    message, headers = dict(_message(told)), {"User-Agent": "Binnacle"}
    if slack.token:
        message["channel"] = slack.channel
        headers["Authorization"] = f"Bearer {slack.token}"
    url = slack.api_url if slack.token else slack.webhook_url
    reply = await post(session, url, json.dumps(message).encode(), headers, go)
    if not isinstance(reply, Reply):
        return reply
    return _judged(reply) if slack.token and reply.status == 200 else judged(reply)


def _judged(reply: Reply) -> Answer:
    """An answer of the Web API, which is 200 whatever came of it."""
    try:
        said = json.loads(reply.text)
        right, error = said["ok"] is True, str(said.get("error", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Answer(Verdict.REFUSED, "the answer is not Slack's", reply.status)
    if right:
        verdict = Verdict.DELIVERED
    elif error in {"ratelimited", "rate_limited"}:
        verdict = Verdict.FAILED
    else:
        verdict = Verdict.DOUBTFUL if error in _FAILURES else Verdict.REFUSED
    return Answer(verdict, error, reply.status, reply.retry_after)


def _message(told: Notification) -> Mapping[str, Any]:
    link, title = told.links[0] if len(told.links) == 1 else "", told.title.translate(_ESCAPED)
    over = all(one.incident.state is IncidentState.RESOLVED for one in told.notices)
    section = {"type": "mrkdwn", "text": told.text[:LONGEST_TEXT].translate(_ESCAPED)[: LONGEST_TEXT + 90]}
    return {
        "text": f"*<{link}|{title}>*" if link else f"*{title}*",
        "attachments": [
            {
                "color": _OVER if over else _COLOURS[told.severity],
                "blocks": [{"type": "section", "text": section}] if told.text else [],
            }
        ],
        "unfurl_links": False,
    }
