"""Alerts, rules and books of them for tests."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry

from services.alerting.domain.book import AlertBook
from services.alerting.ports.alerts import (
    ACKNOWLEDGED,
    Acknowledgement,
    Alert,
    AlertState,
    AlertStep,
    Labels,
    Severity,
    Transition,
)
from services.alerting.ports.rules import Comparison, Level, Rule, Threshold
from services.alerting.ports.states import KeptAlert
from services.core.questions import Expression, Selection

START = 1_800_000_000.0
SHOP: Labels = (("service", "shop"),)
CPU = Expression("a", Selection("cpu", function="last"))


def of(service: str) -> Labels:
    """The group of a service."""
    return (("service", service),)


def rule(rule_id: str = "busy", comparison: Comparison = Comparison.ABOVE, **changes: Any) -> Rule:
    """A rule whose value is bad beyond 90, and good again from 80 on."""
    condition = Threshold((CPU,), comparison)
    levels = (Level(Severity.CRITICAL, 90.0, 80.0),)
    return Rule(**{"id": rule_id, "name": "Busy", "condition": condition, "levels": levels, **changes})


def alert(
    alert_id: str = "a1", state: AlertState = AlertState.PENDING, at: float = 0, service: str = "shop", **changes: Any
) -> Alert:
    """An alert in a state, whose episode began `at` seconds after START."""
    started = START + at
    told = state not in {AlertState.PENDING, AlertState.INACTIVE}
    ended = started + 20 if state in {AlertState.RESOLVED, AlertState.INACTIVE} else None
    fired = started + 10 if told else None
    made: dict[str, Any] = {
        "id": alert_id,
        "rule_id": "busy",
        "name": "Busy",
        "severity": Severity.CRITICAL,
        "state": state,
        "group": of(service),
        "labels": of(service),
        "started_at": started,
        "changed_at": ended or fired or started,
        "value": 95.0,
        "threshold": 90.0,
        "fired_at": fired,
        "ended_at": ended,
    }
    return Alert(**{**made, **changes})


def transition(became: Alert) -> Transition:
    """The transition into the state that an alert is in."""
    return Transition(became, AlertStep(became.changed_at, became.state.value, became.severity, became.value))


def acknowledged(found: Alert, at: float, until: float | None = None) -> Transition:
    """Somebody is on an alert from a time on, and until another if one is given, in seconds after START."""
    said = Acknowledgement("ann", "on it", START + at, until and START + until)
    step = AlertStep(START + at, ACKNOWLEDGED, found.severity, found.value, "ann", "on it")
    return Transition(replace(found, acknowledgement=said), step)


def kept(became: Alert) -> KeptAlert:
    """An alert as it is kept after its last transition."""
    return KeptAlert(became, (transition(became).step,))


def book_of(*rules: Rule, at: float = START) -> AlertBook:
    """A book of rules of the tenant `default`."""
    book = AlertBook("default")
    book.set_rules(rules or [rule()], at)
    return book


def tell(book: AlertBook, at: float, values: Mapping[str, float], rule_id: str = "busy") -> list[Transition]:
    """Judge services by their values, and those that are known and left out by none, `at` seconds after START."""
    places = book.places(rule_id, [of(service) for service in values])
    silent = np.setdiff1d(book.known(rule_id), places)
    numbers = np.concatenate([np.array(list(values.values()), np.float64), np.full(len(silent), np.nan)])
    book.judge(np.concatenate([places, silent]), numbers, START + at)
    return book.take().transitions


def states(transitions: Sequence[Transition]) -> list[str]:
    """What happened, in order."""
    return [each.step.what for each in transitions]


def count(registry: CollectorRegistry, name: str, **labels: str) -> float:
    """A metric's value; 0 if it is not there."""
    return registry.get_sample_value(name, labels) or 0.0
