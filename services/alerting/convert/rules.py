"""Rules, from messages and back."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from binnacle.rules.v1 import rules_pb2 as pb
from services.alerting.convert.condition_messages import condition_message
from services.alerting.convert.conditions import SEVERITIES, condition_from
from services.alerting.convert.weeks import minutes_of_day, time_of_day, weekdays, zone
from services.alerting.ports.alerts import Labels, Severity
from services.alerting.ports.rules import (
    Absence,
    Action,
    ActiveTime,
    BurnRate,
    Choice,
    Comparison,
    Composite,
    Condition,
    EventMatch,
    Lack,
    Level,
    Rule,
)
from services.core.applying import Origin
from services.runtime.faults import DAY, HOUR, SECOND, Faults
from services.runtime.times import duration, timestamp
from services.runtime.words import Words

MAX_NAME, MAX_TEXT, MAX_OWNER, MAX_LABEL, MAX_VALUE, MAX_TOLD, MAX_TIMES = 200, 2_000, 200, 100, 500, 20, 20
INTERVAL, GRACE, LACKING, EVENT_KEPT = 10.0, 2.0, 300.0, 300.0
PER_HOUR, MAX_PER_HOUR = 10, 1_000
ORIGINS: Words[Origin] = Words(pb.Origin, Origin, Origin.CALL)
_CHOICES: Words[Choice] = Words(pb.Lack.Choice, Choice, Choice.KEEP)
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+")
_WITHOUT_VALUE = (Absence, EventMatch, Composite)


def rule_from(given: pb.Rule, field: str = "rule") -> Rule:
    """A rule as it is given, of origin CALL; its id may be empty. Raises InvalidInput, naming each field at fault."""
    faults = Faults()
    condition = None
    with faults.gathered():
        condition = condition_from(faults, f"{field}.condition", given.condition)
    levels: tuple[Level, ...] = ()
    if condition is not None:
        levels = _levels(faults, f"{field}.levels", given.levels, condition)
    right = not given.id or _ID.fullmatch(given.id) is not None
    faults.require(right, f"{field}.id", "must be 1 to 100 characters of a-z0-9._-, the first a letter or digit")
    told = _told(faults, field, given)
    faults.raise_any()
    assert condition is not None  # or there was a fault
    return Rule(id=given.id, condition=condition, levels=levels, **told)


def _told(faults: Faults, field: str, given: pb.Rule) -> dict[str, Any]:
    """All but the condition and its levels."""
    address = _ADDRESS.fullmatch(given.runbook_url) is not None and len(given.runbook_url) <= MAX_TEXT
    faults.require(address or not given.runbook_url, f"{field}.runbook_url", "must begin with http:// or https://")
    return {
        "name": faults.text(f"{field}.name", given.name, MAX_NAME, least=1),
        "description": faults.text(f"{field}.description", given.description, MAX_TEXT),
        "enabled": given.enabled or not given.HasField("enabled"),
        "hold": faults.span(f"{field}.hold", given.hold, 0.0, 7 * DAY),
        "keep_firing": _span_or(faults, field, given, "keep_firing", _keeps(given), (0.0, 7 * DAY)),
        "interval": _span_or(faults, field, given, "interval", INTERVAL, (SECOND, HOUR)),
        "grace": _span_or(faults, field, given, "grace", GRACE, (0.0, HOUR)),
        "minimum_points": given.minimum_points or 1,
        "no_data": _lack(faults, f"{field}.no_data", given.no_data),
        "failure": _lack(faults, f"{field}.failure", given.failure),
        "labels": _texts(faults, f"{field}.labels", given.labels, MAX_VALUE),
        "annotations": _texts(faults, f"{field}.annotations", given.annotations, MAX_TEXT),
        "runbook_url": given.runbook_url,
        "owner": faults.text(f"{field}.owner", given.owner, MAX_OWNER),
        "active_times": _active_times(faults, f"{field}.active_times", given.active_times),
        "action": _action(faults, f"{field}.action", given.action) if given.HasField("action") else None,
        "version": given.version,
    }


def _keeps(given: pb.Rule) -> float:
    """For how long alerts go on where that is not told: an event is over as soon as it is sent."""
    return EVENT_KEPT if given.condition.WhichOneof("kind") == "event_match" else 0.0


def _span_or(faults: Faults, field: str, given: Any, name: str, usual: float, limits: tuple[float, float]) -> float:
    """Seconds of a span of time; what is usual where it is absent."""
    return faults.span(f"{field}.{name}", getattr(given, name), *limits) if given.HasField(name) else usual


def _lack(faults: Faults, field: str, given: pb.Lack) -> Lack:
    choice = Choice.KEEP
    with faults.gathered():
        choice = _CHOICES.word(f"{field}.choice", given.choice)
    return Lack(choice, _span_or(faults, field, given, "after", LACKING, (0.0, 7 * DAY)))


def _texts(faults: Faults, field: str, given: Any, longest: int) -> Labels:
    faults.require(len(given) <= MAX_TOLD, field, f"must be at most {MAX_TOLD}")
    for name, text in given.items():
        faults.text(f"{field}.{name}", name, MAX_LABEL, least=1)
        faults.text(f"{field}.{name}", text, longest)
    return tuple(sorted(given.items()))


def _levels(faults: Faults, field: str, given: Sequence[pb.Level], condition: Condition) -> tuple[Level, ...]:
    """The gravest first."""
    if isinstance(condition, BurnRate):
        faults.require(not given, field, "must be empty: the windows of the burn rate give them")
        return tuple(Level(window.severity, window.factor, window.factor) for window in condition.windows)
    faults.require(1 <= len(given) <= len(Severity), field, f"must be 1 to {len(Severity)}")
    found: dict[int, Level] = {}
    for place, one in enumerate(given):
        with faults.gathered():
            found[place] = _level(faults, f"{field}[{place}]", one, condition)
    severities = [level.severity for level in found.values()]
    faults.require(len(set(severities)) == len(severities), field, "must be of different severities")
    ordered = sorted(found.items(), key=lambda item: -item[1].severity.rank)
    for (_graver_place, graver), (place, milder) in pairwise(ordered):
        reached = milder.threshold is None or _is_good(condition, milder.threshold, graver.threshold)
        faults.require(reached, f"{field}[{place}].threshold", f"must be crossed before that of {graver.severity}")
    return tuple(level for _place, level in ordered)


def _level(faults: Faults, field: str, given: pb.Level, condition: Condition) -> Level:
    severity = SEVERITIES.word(f"{field}.severity", given.severity)
    if isinstance(condition, _WITHOUT_VALUE):
        absent = not given.HasField("threshold") and not given.HasField("recovery_threshold")
        faults.require(absent, f"{field}.threshold", "must be absent: the condition has no value to compare")
        return Level(severity)
    faults.require(given.HasField("threshold"), f"{field}.threshold", "must be told")
    threshold = faults.number(f"{field}.threshold", given.threshold)
    recovery = given.recovery_threshold if given.HasField("recovery_threshold") else threshold
    faults.number(f"{field}.recovery_threshold", recovery)
    good = _is_good(condition, recovery, threshold)
    faults.require(good, f"{field}.recovery_threshold", "must be on the good side of the threshold, or the same")
    return Level(severity, threshold, recovery)


def _is_good(condition: Condition, value: float, threshold: float | None) -> bool:
    """Whether a value is the threshold, or on the good side of it."""
    comparison = getattr(condition, "comparison", Comparison.ABOVE)
    if threshold is None or value == threshold:
        return True
    return (value < threshold) == (comparison in (Comparison.ABOVE, Comparison.AT_LEAST))


def _active_times(faults: Faults, field: str, given: Sequence[pb.ActiveTime]) -> tuple[ActiveTime, ...]:
    faults.require(len(given) <= MAX_TIMES, field, f"must be at most {MAX_TIMES}")
    return tuple(_active_time(faults, f"{field}[{place}]", one) for place, one in enumerate(given))


def _active_time(faults: Faults, field: str, given: pb.ActiveTime) -> ActiveTime:
    return ActiveTime(
        weekdays(faults, f"{field}.weekdays", given.weekdays),
        minutes_of_day(faults, f"{field}.from", getattr(given, "from")),
        minutes_of_day(faults, f"{field}.to", given.to),
        zone(faults, f"{field}.time_zone", given.time_zone),
    )


def _action(faults: Faults, field: str, given: pb.Action) -> Action:
    right = _ID.fullmatch(given.receiver_id) is not None
    faults.require(right, f"{field}.receiver_id", "must be the identity of a receiver of the kind webhook")
    faults.require(given.per_hour <= MAX_PER_HOUR, f"{field}.per_hour", f"must be 1 to {MAX_PER_HOUR:,}")
    return Action(given.receiver_id, given.dry_run, given.per_hour or PER_HOUR, given.resolves)


def rule_message(rule: Rule) -> pb.Rule:
    """A rule as callers see it: whole, also what nobody told."""
    return pb.Rule(
        id=rule.id,
        name=rule.name,
        description=rule.description,
        enabled=rule.enabled,
        condition=condition_message(rule.condition),
        levels=() if isinstance(rule.condition, BurnRate) else map(_level_message, rule.levels),
        hold=duration(rule.hold),
        keep_firing=duration(rule.keep_firing),
        interval=duration(rule.interval),
        grace=duration(rule.grace),
        minimum_points=rule.minimum_points,
        no_data=_lack_message(rule.no_data),
        failure=_lack_message(rule.failure),
        labels=dict(rule.labels),
        annotations=dict(rule.annotations),
        runbook_url=rule.runbook_url,
        owner=rule.owner,
        active_times=map(_active_time_message, rule.active_times),
        action=None if rule.action is None else _action_message(rule.action),
        origin=ORIGINS.number(rule.origin),
        version=rule.version,
        updated_time=timestamp(rule.updated_at) if rule.updated_at else None,
        updated_by=rule.updated_by,
    )


def _level_message(level: Level) -> pb.Level:
    return pb.Level(
        severity=SEVERITIES.number(level.severity), threshold=level.threshold, recovery_threshold=level.recovery
    )


def _action_message(action: Action) -> pb.Action:
    return pb.Action(
        receiver_id=action.receiver_id,
        dry_run=action.dry_run,
        per_hour=action.per_hour,
        resolves=action.resolves,
    )


def _lack_message(lack: Lack) -> pb.Lack:
    return pb.Lack(choice=_CHOICES.number(lack.choice), after=duration(lack.after))


def _active_time_message(time: ActiveTime) -> pb.ActiveTime:
    message = pb.ActiveTime(weekdays=time.weekdays, to=time_of_day(time.until), time_zone=time.zone)
    setattr(message, "from", time_of_day(time.since))
    return message
