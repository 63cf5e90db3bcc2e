"""The state machine of one group of a rule.

             ┌───────── condition ends ────────▶ inactive (told once)
inactive ─▶ pending ──held for `hold`──▶ firing ──condition ends──▶ keep_firing ──`keep_firing` is over──▶ resolved
   │  └── a rule without a hold ──────▶ firing ◀───condition holds─────┘  │
   │                                    │  └── a rule that keeps nothing ─┴─▶ resolved
   └── no data, or no judgement, for as long as the rule bears, if it wants to be told ──▶ no_data, error
                                           ◀── a value comes: firing, or resolved ──────────────┘

One machine for every driver: it knows no clock, only the times of what it is told. An alert that has ended stays as it
is; when the condition holds again, another episode begins with an identity of its own.
"""

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from services.alerting.domain.texts import told
from services.alerting.ports.alerts import Alert, AlertState, Labels
from services.alerting.ports.rules import Choice, Level, Rule
from services.core.matching import NAME

ENDED = frozenset({AlertState.RESOLVED, AlertState.INACTIVE})
FIRING = frozenset({AlertState.FIRING, AlertState.KEEP_FIRING})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a group was judged by: a value, and the number of the gravest level of its rule that holds; -1: none."""

    level: int
    value: float | None
    at: float


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: a group of a rule of a tenant."""

    tenant: str
    rule: Rule
    group: Labels


def advance(alert: Alert | None, subject: Subject, judgement: Judgement) -> Alert | None:
    """The alert after a judgement by a value. `alert` is the one before that had not ended; None while inactive."""
    if judgement.level >= 0:
        return _holds(alert, subject, judgement)
    return alert and _holds_not(alert, subject, judgement)


def lack(alert: Alert | None, subject: Subject, state: AlertState, seen: float | None, at: float) -> Alert | None:
    """The alert after data (NO_DATA), or judgements (ERROR), have been lacking for as long as the rule bears.

    `seen` is the value seen last. What nobody was told of ends: it is not known any more whether the condition holds.
    """
    choice = (subject.rule.no_data if state is AlertState.NO_DATA else subject.rule.failure).choice
    if choice is Choice.ALERT:
        judgement = Judgement(0, seen, at)
        return _into(alert or _begin(subject, judgement), subject, state, judgement)
    if alert and (choice is Choice.RESOLVE or alert.state is AlertState.PENDING):
        return end(alert, at)
    return alert


def end(alert: Alert, at: float) -> Alert:
    """An alert whose condition no longer holds: resolved if people were told of it, else inactive."""
    state = AlertState.INACTIVE if alert.state is AlertState.PENDING else AlertState.RESOLVED
    return replace(alert, state=state, ended_at=at, changed_at=at)


def due(alert: Alert | None, rule: Rule) -> float | None:
    """From which time on a judgement moves an alert even if it says what the one before said; None: never."""
    if alert is not None and alert.state is AlertState.PENDING:
        return alert.started_at + rule.hold
    if alert is not None and alert.state is AlertState.KEEP_FIRING:
        return alert.changed_at + rule.keep_firing
    return None


def graded(alert: Alert, subject: Subject, judgement: Judgement, **changes: Any) -> Alert:
    """An alert with the severity, the value and the texts of a judgement, and what else changes."""
    level = subject.rule.levels[judgement.level]
    threshold = 0.0 if level.threshold is None else level.threshold
    changes |= {"severity": level.severity, "threshold": threshold, "value": judgement.value}
    return told(subject.rule, replace(alert, labels=labels_of(subject), **changes))


def labels_of(subject: Subject) -> Labels:
    """The labels of an alert: those of its group, without the name of a metric, and over them those of its rule."""
    labels = {name: value for name, value in subject.group if name != NAME} | dict(subject.rule.labels)
    return tuple(sorted(labels.items()))


def level_of(alert: Alert, rule: Rule) -> int:
    """The number of the level that an alert is of; -1 where none holds."""
    if alert.state is AlertState.KEEP_FIRING:
        return -1
    return next((place for place, level in enumerate(rule.levels) if level.severity is alert.severity), -1)


def episode_id(tenant: str, rule_id: str, group: Labels, started_at: float) -> str:
    """16 hexadecimal digits made from what the episode is, so that judging the same input again gives the same one."""
    name = "\0".join((tenant, rule_id, *(part for label in group for part in label), repr(started_at)))
    return blake2b(name.encode(), digest_size=8).hexdigest()


def _holds(alert: Alert | None, subject: Subject, judgement: Judgement) -> Alert:
    before = alert or _begin(subject, judgement)
    if before.state is AlertState.PENDING and judgement.at < before.started_at + subject.rule.hold:
        same = alert is not None and _is_of(alert, subject.rule.levels[judgement.level])
        return before if same else graded(before, subject, judgement)
    if before.state is AlertState.FIRING and _is_of(before, subject.rule.levels[judgement.level]):
        return before
    return _into(before, subject, AlertState.FIRING, judgement)


def _holds_not(alert: Alert, subject: Subject, judgement: Judgement) -> Alert:
    if alert.state is AlertState.FIRING and subject.rule.keep_firing > 0:
        after = replace(alert, state=AlertState.KEEP_FIRING, value=judgement.value, changed_at=judgement.at)
        return told(subject.rule, after)
    if alert.state is AlertState.KEEP_FIRING and judgement.at < alert.changed_at + subject.rule.keep_firing:
        return alert
    return end(told(subject.rule, replace(alert, value=judgement.value)), judgement.at)


def _into(alert: Alert, subject: Subject, state: AlertState, judgement: Judgement) -> Alert:
    """An alert that people are told of, in a state that may be the one it was in."""
    changed_at = alert.changed_at if alert.state is state else judgement.at
    fired_at = judgement.at if alert.fired_at is None else alert.fired_at
    return graded(alert, subject, judgement, state=state, fired_at=fired_at, changed_at=changed_at)


def _is_of(alert: Alert, level: Level) -> bool:
    return alert.severity is level.severity and alert.threshold == (level.threshold or 0.0)


def _begin(subject: Subject, judgement: Judgement) -> Alert:
    """The first of an episode."""
    rule = subject.rule
    return Alert(
        id=episode_id(subject.tenant, rule.id, subject.group, judgement.at),
        rule_id=rule.id,
        name=rule.name,
        severity=rule.levels[judgement.level].severity,
        state=AlertState.PENDING,
        group=subject.group,
        labels=(),
        started_at=judgement.at,
        changed_at=judgement.at,
        value=judgement.value,
        threshold=0.0,
        runbook_url=rule.runbook_url,
        owner=rule.owner,
    )
