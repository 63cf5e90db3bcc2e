"""Texts of alerts: what a rule says in its annotations, with the figures of the alert filled in."""

import re
from dataclasses import replace

from services.alerting.ports.alerts import Alert, Labels
from services.alerting.ports.rules import Rule
from services.core.figure_texts import exact_text, figure_text

_PLACE = re.compile(r"\{\{\s*(value|threshold|severity|rule|labels\.([^\s{}]+))\s*\}\}")


def told(rule: Rule, alert: Alert) -> Alert:
    """An alert with its annotations as they are by its figures."""
    return replace(alert, annotations=filled(rule, alert)) if rule.annotations else alert


def filled(rule: Rule, alert: Alert) -> Labels:
    """The annotations of an alert. A label that it lacks is an empty text; what is no place to fill stays as it is."""
    if not rule.annotations:
        return ()
    labels = dict(alert.labels)
    words = {
        "value": "" if alert.value is None else figure_text(alert.value, alert.threshold),
        "threshold": exact_text(alert.threshold),
        "severity": alert.severity.value,
        "rule": rule.name,
    }

    def fill(place: re.Match[str]) -> str:
        return words[place[1]] if place[2] is None else labels.get(place[2], "")

    return tuple((name, _PLACE.sub(fill, text)) for name, text in rule.annotations)
