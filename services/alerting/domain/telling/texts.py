"""What notifications say: the places of templates, and the ready-made ones.

There are no loops and no conditions in a template, so that filling one takes as long as it is. In their place a line
of which every place is empty is left out.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from services.alerting.ports.incidents import Happening, Incident, IncidentState, Member
from services.alerting.ports.notifications import Notice, Reason
from services.alerting.ports.notifiers import Template

REPEAT = "[may be a repeat] "
MOST_TITLE, MOST_TEXT = 250, 8_000
READY_MADE = Template(
    title="{{heading}}: {{title}}",
    text="""{{summary}}
{{annotations.summary}}
{{annotations.description}}
{{alerts}}
Likely origin: {{origins}}
Runbook: {{runbook}}
{{link}}""",
)
PLACES = frozenset(
    {
        "acknowledged",
        "active",
        "alerts",
        "count",
        "ended",
        "heading",
        "id",
        "link",
        "origins",
        "reason",
        "resolved",
        "runbook",
        "services",
        "severity",
        "started",
        "state",
        "summary",
        "title",
    }
)
"""What a template can tell, beside `labels.NAME` and `annotations.NAME`."""
_PLACE = re.compile(r"\{\{\s*([a-z_]+(?:\.[^\s{}]+)?)\s*\}\}")
_MEANT = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAMED = re.compile(r"(labels|annotations)\.[^\s{}]+")
_HEADINGS = {
    Reason.ACKNOWLEDGED: "ACKNOWLEDGED",
    Reason.UNACKNOWLEDGED: "NOBODY IS ON IT",
    Reason.RESOLVED: "RESOLVED",
    Reason.REOPENED: "BACK",
    Reason.ESCALATED: "NOT ACKNOWLEDGED",
    Reason.REMINDER: "REMINDER",
    Reason.TEST: "TEST",
}


def title_and_text(template: Template, notice: Notice, link: str) -> tuple[str, str]:
    """What a notice says in the words of a template."""
    words = _words(notice, link)
    title = " ".join(filled(template.title or READY_MADE.title, words).split())
    return title[:MOST_TITLE], filled(template.text or READY_MADE.text, words)[:MOST_TEXT]


def unknown_places(text: str) -> Sequence[str]:
    """What stands in a template as a place, and is none."""
    return [name for name in _MEANT.findall(text) if name not in PLACES and not _NAMED.fullmatch(name)]


def digest(notices: Sequence[Notice], links: Sequence[str], why: str) -> tuple[str, str]:
    """What several notices say together."""
    grave = sum(_heading(one) == "CRITICAL" for one in notices)
    title = f"{len(notices)} incidents" + (f", {grave} of them critical" if grave else "")
    lines = [f"{_heading(one)}: {one.incident.title} {link}".rstrip() for one, link in zip(notices, links, strict=True)]
    return title, "\n".join([why, *lines])


def filled(text: str, words: Mapping[str, str]) -> str:
    """A template with its places filled; a place of nothing known is empty."""
    return "\n".join(_lines(text, words)).strip()


def _lines(text: str, words: Mapping[str, str]) -> Sequence[str]:
    found = []
    for line in text.splitlines():
        told = [words.get(name, "") for name in _PLACE.findall(line)]
        if not told or any(told):
            found.append(_PLACE.sub(lambda place: words.get(place[1], ""), line))
    return found


def _words(notice: Notice, link: str) -> Mapping[str, str]:
    incident = notice.incident
    return {
        "heading": _heading(notice),
        "title": incident.title,
        "reason": notice.reason.value,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "services": ", ".join(incident.services),
        "summary": _summary(notice),
        "alerts": "\n".join(_member(one) for one in incident.members),
        "count": str(incident.size),
        "active": str(incident.active),
        "origins": "; ".join(f"{one.name} ({one.why})" if one.why else one.name for one in incident.origins[:3]),
        "acknowledged": _who(incident),
        "resolved": incident.ended_by.person if incident.ended_by else "",
        "started": clock_time(incident.started_at),
        "ended": "" if incident.ended_at is None else clock_time(incident.ended_at),
        "id": incident.id,
        "runbook": notice.runbook_url,
        "link": link,
        **{f"labels.{name}": value for name, value in incident.group},
        **{f"annotations.{name}": value for name, value in notice.annotations},
    }


def _heading(notice: Notice) -> str:
    if notice.incident.state is IncidentState.RESOLVED and notice.reason is not Reason.TEST:
        return _HEADINGS[Reason.RESOLVED]
    return _HEADINGS.get(notice.reason, notice.incident.severity.value.upper())


def _summary(notice: Notice) -> str:
    incident = notice.incident
    if notice.reason is Reason.TEST:
        return "This is a test: somebody wants to see whether it arrives. Nothing is wrong."
    who, many = _who(incident), "1 alert" if incident.size == 1 else f"{incident.size:,} alerts"
    if incident.state is IncidentState.RESOLVED:
        lasted = span(max(0.0, (incident.ended_at or incident.changed_at) - incident.started_at))
        over = f"It is over, after {lasted} and {many}."
        return " ".join(filter(None, [over, who and f"{who} had acknowledged it.", _ended_by(incident)]))
    since = f"Since {clock_time(incident.started_at)}: {many}, {incident.active:,} of them active."
    if notice.reason in {Reason.ESCALATED, Reason.REMINDER}:
        return f"{since} Nobody has acknowledged it."
    if incident.state is IncidentState.ACKNOWLEDGED:
        said = incident.acknowledgement
        return f"{since} {who} is on it" + (f": {said.comment}" if said and said.comment else ".")
    return since


def _who(incident: Incident) -> str:
    """Who has acknowledged it, last."""
    if incident.acknowledgement is not None:
        return incident.acknowledgement.person
    said = incident.last(Happening.ACKNOWLEDGED)
    return said.person if said else ""


def _ended_by(incident: Incident) -> str:
    """Who resolved it, and what they said."""
    end = incident.ended_by
    if end is None:
        return ""
    return f"{end.person} resolved it" + (f": {end.comment}" if end.comment else ".")


def _member(member: Member) -> str:
    over = "" if member.until is None else ", over"
    service = f" ({member.service})" if member.service else ""
    return f"- {member.severity.value}: {member.name}{service}, since {clock_time(member.since)}{over}"


def clock_time(at: float) -> str:
    """A time for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(seconds: float) -> str:
    """A span of time for people: `45 s`, `12 min`, `3 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h {rest} min" if rest else f"{hours} h"
