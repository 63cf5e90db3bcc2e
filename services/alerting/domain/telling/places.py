"""Where links lead: the page, at the range that an incident is about; of a test, at what is set up."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from services.alerting.ports.incidents import Incident
from services.alerting.ports.notifications import Notice, Reason

AROUND = 1800.0
"""How much is shown before and after, in seconds."""


def link(public_url: str, notice: Notice, now: float) -> str:
    """The address of what a notice is about; empty where nobody said where the page is."""
    if not public_url:
        return ""
    # The incident of a test is none.
    asked = {"show": "notifiers"} if notice.reason is Reason.TEST else _asked(notice.incident, now)
    return f"{public_url.rstrip('/')}/app/alerts?{urlencode(asked)}"


def _asked(incident: Incident, now: float) -> Mapping[str, str]:
    until = (now if incident.ended_at is None else incident.ended_at) + AROUND
    return {
        "show": "incidents",
        "open": incident.id,
        "from": _time(incident.started_at - AROUND),
        "to": _time(until),
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
