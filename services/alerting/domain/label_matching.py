"""Whether conditions on labels hold for an alert."""

from collections.abc import Callable, Iterable, Mapping

from services.alerting.ports.alerts import Alert
from services.alerting.ports.silences import RULE_LABEL, SEVERITY_LABEL
from services.core.matching import Matcher, Operator

Expressions = Callable[[str, str], bool]
"""Whether an expression of RE2 matches a text as a whole."""


def labels_of(alert: Alert) -> Mapping[str, str]:
    """An alert's labels, with its rule and severity under the names that matchers call them by."""
    return {**dict(alert.labels), RULE_LABEL: alert.rule_id, SEVERITY_LABEL: alert.severity.value}


def all_hold(matchers: Iterable[Matcher], labels: Mapping[str, str], expressions: Expressions) -> bool:
    """Whether all conditions hold; a label that is not there is empty."""
    return all(_holds(matcher, labels.get(matcher.label, ""), expressions) for matcher in matchers)


def _holds(matcher: Matcher, value: str, expressions: Expressions) -> bool:
    match matcher.operator:
        case Operator.EQUAL:
            return value == matcher.value
        case Operator.NOT_EQUAL:
            return value != matcher.value
        case Operator.MATCHES:
            return expressions(matcher.value, value)
        case Operator.NOT_MATCHES:
            return not expressions(matcher.value, value)
