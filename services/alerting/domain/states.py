"""The state machine of one alert.

inactive ──condition holds──▶ pending ──held long enough──▶ firing ──condition ends──▶ resolved
                                 └───────condition ends──▶ inactive

A rule without a hold goes from inactive to firing at once. A resolved alert stays as it is; when the condition holds
again, another episode begins with an identity of its own.
"""

from dataclasses import dataclass, replace
from hashlib import blake2b

from services.alerting.ports import Alert, AlertState, Severity

ACTIVE = frozenset({AlertState.PENDING, AlertState.FIRING})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule says of its alerts; `hold` is for how many seconds the condition must hold before they fire."""

    rule_id: str
    name: str
    severity: Severity
    threshold: float
    hold: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a rule's condition holds, and the value it was judged by."""

    holds: bool
    value: float


def advance(
    alert: Alert | None, terms: Terms, tenant: str, service: str, judgement: Judgement, at: float
) -> Alert | None:
    """The alert after one judgement at `at`; `alert` is the active one before, None while inactive."""
    if not judgement.holds:
        return end(replace(alert, value=judgement.value), at) if alert else None
    active = replace(alert, value=judgement.value) if alert else begin(terms, tenant, service, judgement.value, at)
    if active.state is AlertState.PENDING and at - active.started_at >= terms.hold:
        return replace(active, state=AlertState.FIRING, fired_at=at)
    return active


def begin(terms: Terms, tenant: str, service: str, value: float, at: float) -> Alert:
    """A pending alert: the first of an episode."""
    return Alert(
        id=episode_id(tenant, terms.rule_id, service, at),
        rule_id=terms.rule_id,
        name=terms.name,
        severity=terms.severity,
        service=service,
        state=AlertState.PENDING,
        started_at=at,
        fired_at=None,
        ended_at=None,
        value=value,
        threshold=terms.threshold,
    )


def end(alert: Alert, at: float) -> Alert:
    """An active alert whose condition no longer holds: resolved if it had fired, else inactive."""
    state = AlertState.RESOLVED if alert.state is AlertState.FIRING else AlertState.INACTIVE
    return replace(alert, state=state, ended_at=at)


def episode_id(tenant: str, rule_id: str, service: str, started_at: float) -> str:
    """16 hexadecimal digits made from what the episode is, so that judging the same input again gives the same one."""
    name = "\0".join((tenant, rule_id, service, repr(started_at)))
    return blake2b(name.encode(), digest_size=8).hexdigest()
