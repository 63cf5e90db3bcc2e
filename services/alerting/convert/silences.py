"""Silences and inhibitions, from messages and back, and as they are recorded."""

import re
from collections.abc import Mapping
from typing import Any

from binnacle.alerting.v1 import silence_service_pb2 as pb
from services.alerting.convert.weeks import minutes_of_day, time_of_day, weekdays, zone
from services.alerting.ports.silences import Inhibition, Phase, Recurrence, Silence
from services.core.matching import MAX_LABEL, Matcher
from services.core.records import AuditRecord
from services.runtime.faults import DAY, MINUTE, Faults
from services.runtime.label_matchers import matcher_message
from services.runtime.questions import matchers_in
from services.runtime.recorded_messages import message_recorded, payload_of
from services.runtime.times import duration, optional_timestamp, seconds_of, timestamp
from services.runtime.words import Words

MAX_COMMENT, MAX_EQUAL = 2_000, 20
PHASES: Words[Phase] = Words(pb.Silence.Phase, Phase)
_ID = re.compile(r"[a-z0-9._-]{1,100}")


def silence_from(given: pb.Silence, field: str = "silence") -> Silence:
    """A silence as it is given; its start is 0 where it tells none. Raises InvalidInput, naming each field at fault."""
    faults = Faults()
    made = Silence(
        id=given.id,
        matchers=_matchers(faults, f"{field}.matchers", given.matchers),
        comment=faults.text(f"{field}.comment", given.comment, MAX_COMMENT, least=1),
        maintenance=given.maintenance,
        start=_time(faults, f"{field}.start_time", given.start_time) if given.HasField("start_time") else 0.0,
        end=_time(faults, f"{field}.end_time", given.end_time) if given.HasField("end_time") else None,
        recurrence=_recurrence(faults, f"{field}.recurrence", given.recurrence)
        if given.HasField("recurrence")
        else None,
        created_by=given.created_by,
        created_at=seconds_of(given.created_time),
    )
    faults.raise_any()
    return made


def _matchers(faults: Faults, field: str, given: Any) -> tuple[Matcher, ...]:
    faults.require(len(given) > 0, field, "must be at least one")
    return matchers_in(faults, field, given)


def _time(faults: Faults, field: str, given: Any) -> float:
    seconds = seconds_of(given)
    faults.require(0 < seconds < 4_102_444_800, field, "must be a time between 1970 and 2100")
    return seconds


def _recurrence(faults: Faults, field: str, given: pb.Recurrence) -> Recurrence:
    return Recurrence(
        weekdays(faults, f"{field}.weekdays", given.weekdays),
        minutes_of_day(faults, f"{field}.from", getattr(given, "from")),
        faults.span(f"{field}.duration", given.duration, MINUTE, 7 * DAY),
        zone(faults, f"{field}.time_zone", given.time_zone),
    )


def silence_message(silence: Silence, phase: Phase | None = None, alerts: int = 0) -> pb.Silence:
    """A silence as callers see it."""
    return pb.Silence(
        id=silence.id,
        matchers=map(matcher_message, silence.matchers),
        comment=silence.comment,
        maintenance=silence.maintenance,
        start_time=timestamp(silence.start),
        end_time=optional_timestamp(silence.end),
        recurrence=None if silence.recurrence is None else _recurrence_message(silence.recurrence),
        created_by=silence.created_by,
        created_time=timestamp(silence.created_at),
        phase=pb.Silence.PHASE_UNSPECIFIED if phase is None else PHASES.number(phase),
        alerts=alerts,
    )


def _recurrence_message(recurrence: Recurrence) -> pb.Recurrence:
    message = pb.Recurrence(
        weekdays=recurrence.weekdays, duration=duration(recurrence.duration), time_zone=recurrence.zone
    )
    setattr(message, "from", time_of_day(recurrence.since))
    return message


def inhibition_from(given: pb.Inhibition, field: str = "inhibition") -> Inhibition:
    """An inhibition as it is given. Raises InvalidInput, naming each field at fault."""
    faults = Faults()
    right = _ID.fullmatch(given.id) is not None
    faults.require(right, f"{field}.id", "must be 1 to 100 characters of a-z0-9._-")
    made = Inhibition(
        id=given.id,
        source=_matchers(faults, f"{field}.source", given.source),
        target=_matchers(faults, f"{field}.target", given.target),
        equal=faults.names(f"{field}.equal", given.equal, MAX_EQUAL, MAX_LABEL),
        comment=faults.text(f"{field}.comment", given.comment, MAX_COMMENT),
    )
    faults.raise_any()
    return made


def inhibition_message(inhibition: Inhibition) -> pb.Inhibition:
    """An inhibition as callers see it."""
    return pb.Inhibition(
        id=inhibition.id,
        source=map(matcher_message, inhibition.source),
        target=map(matcher_message, inhibition.target),
        equal=inhibition.equal,
        comment=inhibition.comment,
    )


def silence_payload(silence: Silence) -> Mapping[str, Any]:
    """What is recorded of a silence."""
    return payload_of(silence_message(silence))


def silence_recorded(record: AuditRecord) -> Silence:
    """The silence that a record holds. Raises InvalidInput where it holds none that can be read."""
    return silence_from(message_recorded(record, pb.Silence()))


def inhibition_payload(inhibition: Inhibition) -> Mapping[str, Any]:
    """What is recorded of an inhibition."""
    return payload_of(inhibition_message(inhibition))


def inhibition_recorded(record: AuditRecord) -> Inhibition:
    """The inhibition that a record holds. Raises InvalidInput where it holds none that can be read."""
    return inhibition_from(message_recorded(record, pb.Inhibition()))
