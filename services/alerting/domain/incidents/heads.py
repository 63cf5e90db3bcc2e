"""What an incident says of itself, after its alerts changed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b

from services.alerting.ports.alerts import Alert, Labels
from services.alerting.ports.incidents import MOST_ENTRIES, MOST_MEMBERS, Entry, Happening, Incident, Member

MOST_SERVICES = 100
_TOLD, _NAMED = 3, 3


def incident_id(tenant: str, alert_id: str) -> str:
    """16 hexadecimal digits made from the alert that opens an incident."""
    return blake2b(f"incident\0{tenant}\0{alert_id}".encode(), digest_size=8).hexdigest()


def entry_of(at: float, what: Happening, incident: Incident, alerts: Sequence[Alert]) -> Entry:
    """An entry of what happened to some of the alerts of an incident."""
    said = incident.acknowledgement if what is Happening.ACKNOWLEDGED else None
    # One that somebody resolves by hand says who did it.
    ended = next((alert.resolution for alert in alerts if alert.resolution), None)
    by_hand = ended if what in {Happening.RESOLVED, Happening.EASED} else None
    person, comment = (
        (said.person, said.comment) if said else (by_hand.person, by_hand.comment) if by_hand else ("", "")
    )
    told = tuple(alert.id for alert in alerts[:_TOLD])
    return Entry(at, what, incident.severity, len(alerts), told, person, comment)


def with_entry(timeline: Sequence[Entry], entry: Entry) -> tuple[Entry, ...]:
    """A timeline that goes on; the first is kept, and the newest."""
    if len(timeline) < MOST_ENTRIES:
        return (*timeline, entry)
    return (timeline[0], *timeline[2:], entry)


def with_members(incident: Incident, changed: Iterable[Alert]) -> Incident:
    """An incident whose alerts have changed, or joined."""
    members = {member.alert_id: member for member in incident.members}
    group, services = incident.group, set(incident.services)
    for alert in changed:
        members[alert.id] = _member(alert)
        shared = set(alert.labels)
        group = tuple(pair for pair in group if pair in shared)
        if alert.service:
            services.add(alert.service)
    shown = tuple(sorted(members.values(), key=_rank)[:MOST_MEMBERS])
    after = replace(incident, members=shown, group=group, services=tuple(sorted(services)[:MOST_SERVICES]))
    return replace(after, title=_title(after))


def _member(alert: Alert) -> Member:
    since = alert.started_at if alert.fired_at is None else alert.fired_at
    return Member(alert.id, alert.rule_id, alert.name, alert.severity, alert.service, since, alert.ended_at)


def _rank(member: Member) -> tuple[bool, int, float, str]:
    return member.until is not None, -member.severity.rank, member.since, member.alert_id


def _title(incident: Incident) -> str:
    """`Error rate over 5 %: checkout`, `Error rate over 5 % and others: cart, checkout, payment and 4 more`."""
    first = min(incident.members, key=lambda member: (-member.severity.rank, member.since, member.alert_id))
    same = all(member.name == first.name for member in incident.members)
    about = incident.services or _shared(incident.group, len(incident.members))
    more = f" and {len(about) - _NAMED} more" if len(about) > _NAMED else ""
    subject = f": {', '.join(about[:_NAMED])}{more}" if about else ""
    return f"{first.name}{'' if same else ' and others'}{subject}"


def _shared(group: Labels, members: int) -> Sequence[str]:
    """What tells an incident without services apart: the labels that its alerts share."""
    return [value for _name, value in group] if members == 1 or len(group) <= _NAMED else []
