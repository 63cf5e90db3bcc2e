"""Alerts put together again from the record of what happened, where nothing else is left of them."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing

from services.alerting.domain.machine import ENDED
from services.alerting.domain.view import MOST_STEPS, RESOLVED_KEPT
from services.alerting.ports.alerts import Alert, AlertState, AlertStep, Transition
from services.alerting.ports.states import GroupMemory, Kept, KeptAlert
from services.alerting.ports.transitions import History

Order = tuple[bool, float, bool, float]

LOOKED_BACK = 30 * 86400.0
"""For how long events are kept."""


async def rebuilt(history: History, tenant: str, now: float, rest: Kept) -> Kept:
    """The alerts of a tenant as their last transitions left them, recorded or among the batches of what is left.

    Errors: those of History.
    """
    newest: dict[str, Transition] = {}
    steps: dict[str, dict[AlertStep, Order]] = {}

    def take(transition: Transition) -> None:
        found = newest.setdefault(transition.alert.id, transition)
        newest[transition.alert.id] = max(found, transition, key=_order)
        steps.setdefault(transition.alert.id, {})[transition.step] = _order(transition)

    for batch in reversed(rest.batches):
        for transition in reversed(batch.transitions):
            take(transition)
    async with aclosing(history.of(tenant, now - LOOKED_BACK)) as transitions:
        async for transition in transitions:
            take(transition)
    listed = [one.alert for one in newest.values() if _is_listed(one.alert, now)]
    alerts = [KeptAlert(alert, _last(steps[alert.id])) for alert in listed]
    return Kept(
        alerts=alerts, memories=[*rest.memories, *_quiet(listed)], batches=rest.batches, incidents=rest.incidents
    )


def _order(transition: Transition) -> Order:
    """What an alert became later is greater; what people did to it in a state comes after it went into that state."""
    alert, at = transition.alert, transition.step.at
    return alert.state in ENDED, alert.changed_at, at != alert.changed_at, at


def _last(steps: Mapping[AlertStep, Order]) -> tuple[AlertStep, ...]:
    """In order, of steps that were told newest first, which decides between those of one moment.

    What people did is recorded at once, and may be newer than what still waits for that.
    """
    newest = sorted(steps, key=steps.__getitem__, reverse=True)[:MOST_STEPS]
    return tuple(reversed(newest))


def _is_listed(alert: Alert, now: float) -> bool:
    if alert.state is AlertState.RESOLVED:
        return now - alert.changed_at <= RESOLVED_KEPT
    return alert.state not in ENDED


def _quiet(alerts: Sequence[Alert]) -> list[GroupMemory]:
    """Groups whose alert was resolved by hand, and comes back later."""
    return [
        GroupMemory(alert.rule_id, alert.group, quiet_until=alert.resolution.returns_at)
        for alert in alerts
        if alert.resolution
    ]
