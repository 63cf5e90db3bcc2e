"""Where links lead: the page, at the range that an incident is about."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from services.alerting.ports.incidents import Incident

AROUND = 1800.0
"""How much is shown before and after, in seconds."""


def link(public_url: str, incident: Incident, now: float) -> str:
    """The address of an incident on the page; empty where nobody said where the page is."""
    if not public_url:
        return ""
    until = (now if incident.ended_at is None else incident.ended_at) + AROUND
    asked = {
        "show": "incidents",
        "open": incident.id,
        "from": _time(incident.started_at - AROUND),
        "to": _time(until),
    }
    return f"{public_url.rstrip('/')}/app/alerts?{urlencode(asked)}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
