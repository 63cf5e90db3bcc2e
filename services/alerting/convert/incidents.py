"""Incidents as messages."""

from binnacle.alerting.v1 import incident_service_pb2 as pb
from binnacle.incidents.v1 import incidents_pb2
from services.alerting.convert.alerts import acknowledgement_message
from services.alerting.convert.conditions import SEVERITIES
from services.alerting.domain.incidents.view import WantedIncidents
from services.alerting.ports.incidents import Entry, Incident, IncidentState, Member
from services.core.errors import InvalidInput
from services.runtime.times import optional_timestamp, timestamp
from services.runtime.words import Words

STATES: Words[IncidentState] = Words(incidents_pb2.IncidentState, IncidentState)
MOST_TEXT = 200


def incident_message(incident: Incident) -> incidents_pb2.Incident:
    """An incident as callers see it."""
    return incidents_pb2.Incident(
        id=incident.id,
        title=incident.title,
        severity=SEVERITIES.number(incident.severity),
        worst=SEVERITIES.number(incident.worst),
        state=STATES.number(incident.state),
        started_at=timestamp(incident.started_at),
        changed_at=timestamp(incident.changed_at),
        resolved_at=optional_timestamp(incident.ended_at),
        labels=dict(incident.group),
        services=incident.services,
        size=incident.size,
        active=incident.active,
        members=map(_member, incident.members),
        held_back=incident.held_back,
        origins=[incidents_pb2.LikelyOrigin(name=one.name, share=one.share, why=one.why) for one in incident.origins],
        acknowledgement=acknowledgement_message(incident.acknowledgement),
        reopened=incident.reopened,
        revision=incident.revision,
    )


def entry_message(entry: Entry) -> incidents_pb2.IncidentEntry:
    """What happened to an incident."""
    return incidents_pb2.IncidentEntry(
        time=timestamp(entry.at),
        what=entry.what,
        severity=SEVERITIES.number(entry.severity),
        count=entry.count,
        alert_ids=entry.alerts,
        person=entry.person,
        comment=entry.comment,
    )


def wanted_incidents_from(asked: pb.ListIncidentsRequest) -> WantedIncidents:
    """Which incidents to list. Raises InvalidInput, naming the field."""
    if len(asked.text) > MOST_TEXT:
        raise InvalidInput.of("text", f"must have at most {MOST_TEXT} characters")
    return WantedIncidents(
        state=STATES.word("state", asked.state) if asked.state else None,
        worst=SEVERITIES.word("severity", asked.severity) if asked.severity else None,
        service=asked.service,
        text=asked.text,
        active=asked.active,
    )


def _member(member: Member) -> incidents_pb2.IncidentMember:
    return incidents_pb2.IncidentMember(
        alert_id=member.alert_id,
        rule_id=member.rule_id,
        name=member.name,
        severity=SEVERITIES.number(member.severity),
        service=member.service,
        since=timestamp(member.since),
        until=optional_timestamp(member.until),
    )
