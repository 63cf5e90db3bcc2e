"""What each receiver is to be told of an incident: how it stands, compared with how the receiver knows it.

Pure. Nothing is remembered but what was told, so that whoever leads, and whenever, comes to the same.
"""

from dataclasses import dataclass, field
from math import inf

from services.alerting.domain.telling.routing import GROUP_INTERVAL, Way, Ways, steps, targets
from services.alerting.ports.incidents import Happening, Incident, IncidentState
from services.alerting.ports.notifications import Reason, Told
from services.alerting.ports.notifiers import Notifiers, Receiver

_BEGINNINGS = frozenset({Happening.OPENED, Happening.REOPENED, Happening.UNACKNOWLEDGED})
_OPEN, _ACKNOWLEDGED, _RESOLVED = IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED


@dataclass(slots=True)
class Wanted:
    """Who is to know of an incident at a time.

    `rounds` are how many steps of escalations have reached a receiver since `since`, when nobody was on it;
    `intervals` how long its growth may wait, `repeats` how long until a reminder, inf for never; `changes_at` is when
    time alone makes it other.
    """

    since: float
    rounds: dict[str, int] = field(default_factory=dict)
    intervals: dict[str, float] = field(default_factory=dict)
    repeats: dict[str, float] = field(default_factory=dict)
    changes_at: float = inf


def wanted(incident: Incident, ways: Ways, notifiers: Notifiers, now: float) -> Wanted:
    """Who is to know of an incident whose alerts go these ways.

    Whoever is on call only by now, or is told by an escalation, is not while somebody is on it.
    """
    found = Wanted(_nobody_since(incident))
    open_until = _open_until(incident, now)
    for way in ways:
        for target in targets(notifiers, way.tell, open_until):
            found.rounds.setdefault(target.receiver, 0)
            known = found.intervals.get(target.receiver, inf)
            found.intervals[target.receiver] = min(known, way.group_interval)
            _repeat(found, target.receiver, way)
    escalated = {way.escalation: way for way in sorted(ways, key=_repeats_after, reverse=True) if way.escalation}
    for way in escalated.values():
        _escalate(found, way, notifiers, open_until)
    if incident.state is _OPEN and any(notifiers.rotation(name) for way in ways for name in way.tell):
        # Hand-overs fall on whole minutes.
        found.changes_at = min(found.changes_at, (now // 60 + 1) * 60)
    return found


def _repeats_after(way: Way) -> float:
    return way.repeat_interval or inf


def _repeat(found: Wanted, receiver: str, way: Way) -> None:
    """A receiver is reminded as often as the way to it that does so most often says."""
    found.repeats[receiver] = min(found.repeats.get(receiver, inf), _repeats_after(way))


def _escalate(found: Wanted, way: Way, notifiers: Notifiers, until: float) -> None:
    """Whom the escalation of a way has told by a time."""
    escalation = notifiers.escalation(way.escalation)
    for after, tell in steps(escalation) if escalation else ():
        at = found.since + after
        if at > until:
            found.changes_at = min(found.changes_at, at)
            return
        for receiver in {target.receiver for target in targets(notifiers, tell, until)}:
            # What is told at the beginning is no reminder.
            first = 0 if after == 0 and receiver not in found.rounds else 1
            found.rounds[receiver] = found.rounds.get(receiver, 0) + first
            _repeat(found, receiver, way)


def _nobody_since(incident: Incident) -> float:
    """Since when nobody was on it, or the incident began."""
    return next((one.at for one in reversed(incident.timeline) if one.what in _BEGINNINGS), incident.started_at)


def _open_until(incident: Incident, now: float) -> float:
    """Until when nobody was on it, and it was not over."""
    if incident.state is _RESOLVED:
        return incident.changed_at if incident.ended_at is None else incident.ended_at
    said = incident.acknowledgement
    return now if incident.state is _OPEN or said is None else said.at


@dataclass(frozen=True, slots=True)
class Because:
    """Why a receiver is to be told; None: it is not, before time alone changes that."""

    reason: Reason | None
    changes_at: float = inf


def why_told(
    incident: Incident, told: Told | None, receiver: Receiver, who: Wanted, now: float, known: float
) -> Because:
    """Why a receiver is to be told of an incident now; `known` is since when people can be told at all."""
    if told is None:
        return Because(_first(incident, receiver, who, known))
    if incident.state is _RESOLVED:
        return Because(None if told.state is _RESOLVED or receiver.without_resolved else Reason.RESOLVED)
    if incident.held_back:
        return Because(None)
    if incident.reopened > told.reopened or told.state is _RESOLVED:
        return Because(Reason.REOPENED)
    if incident.worst.rank > told.worst.rank:
        return Because(Reason.GREW)
    if incident.state is not told.state:
        return Because(Reason.ACKNOWLEDGED if incident.state is _ACKNOWLEDGED else Reason.UNACKNOWLEDGED)
    if who.rounds.get(receiver.id, 0) > (told.round if told.since == who.since else 0):
        return Because(Reason.ESCALATED)
    grown = _grown(incident, told, who.intervals.get(receiver.id, GROUP_INTERVAL), now)
    return grown if grown.reason else _reminded(incident, told, who.repeats.get(receiver.id, inf), grown, now)


def _first(incident: Incident, receiver: Receiver, who: Wanted, known: float) -> Reason | None:
    """Why somebody is told who knows nothing of it."""
    if receiver.id not in who.rounds:
        return None
    if incident.state is _RESOLVED:
        # What was over before anybody could be told is nobody's matter now.
        is_news = incident.ended_at is not None and incident.ended_at >= known
        return (Reason.OPENED if receiver.without_resolved else Reason.RESOLVED) if is_news else None
    if incident.held_back:
        return None
    return Reason.ESCALATED if who.rounds[receiver.id] else Reason.OPENED


def _grown(incident: Incident, told: Told, interval: float, now: float) -> Because:
    if incident.size <= told.size:
        return Because(None)
    is_due = now >= told.at + interval
    return Because(Reason.GREW) if is_due else Because(None, told.at + interval)


def _reminded(incident: Incident, told: Told, interval: float, grown: Because, now: float) -> Because:
    """Nobody has said to be on it for a while: whoever was to see to it may have overlooked that."""
    if incident.state is not _OPEN:
        return grown
    at = told.at + interval
    return Because(Reason.REMINDER) if now >= at else Because(None, min(at, grown.changes_at))


def told_of(incident: Incident, receiver_id: str, who: Wanted, now: float) -> Told:
    """How a receiver that is told now knows an incident."""
    return Told(
        state=incident.state,
        worst=incident.worst,
        size=incident.size,
        reopened=incident.reopened,
        at=now,
        round=who.rounds.get(receiver_id, 0),
        since=who.since,
    )
