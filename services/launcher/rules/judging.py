"""Whether the alerts that a rule would have had are those that were expected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format

from binnacle.alerting.v1 import rule_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from services.core.figure_texts import exact_text
from services.launcher.rules.rule_tests import Expectation
from services.runtime.plain_messages import word_of
from services.runtime.spans import span_text

ENDED = ("resolved", "inactive")
_ROUNDING = 1e-3
_LIKE = 1e-9


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert as it stood at a time; `value` is that of its last change."""

    state: str
    severity: str
    value: float
    labels: Mapping[str, str]

    def __str__(self) -> str:
        labels = ", ".join(f'{name}="{value}"' for name, value in sorted(self.labels.items()))
        return f"{self.state} {self.severity} {exact_text(self.value)} {{{labels}}}"


def response_of(answer: dict[str, Any]) -> pb.TestRuleResponse:
    """What a suite answered."""
    return json_format.ParseDict(answer, pb.TestRuleResponse(), ignore_unknown_fields=True)


def standing_at(response: pb.TestRuleResponse, at: float) -> Iterator[Standing]:
    """The alerts that had begun at a time, in Unix seconds, and not ended."""
    for tested in response.alerts:
        steps = [step for step in tested.steps if step.time.ToMicroseconds() / 1e6 <= at + _ROUNDING]
        if steps and steps[-1].what not in ENDED:
            last = steps[-1]
            severity = word_of(alerts_pb2.Severity.DESCRIPTOR, last.severity)
            yield Standing(last.what, severity, last.value, dict(tested.alert.labels))


def fault(expected: Expectation, found: Sequence[Standing]) -> str:
    """What is not as expected; empty where all is."""
    left = list(found)
    missing = []
    for alert in expected.alerts:
        match = next((one for one in left if _fits(alert, one)), None)
        if match is None:
            missing.append(alert)
        else:
            left.remove(match)
    if not missing and not left:
        return ""
    told = "; ".join(map(str, found)) or "none"
    wanted = "; ".join(map(_shown, expected.alerts)) or "none"
    return f"at {span_text(expected.at)}, alerts of {expected.rule_id}: expected {wanted}; found {told}"


def _fits(expected: Mapping[str, Any], found: Standing) -> bool:
    labels = expected.get("labels") or {}
    value = expected.get("value")
    return (
        expected.get("state", "firing") == found.state
        and expected.get("severity", found.severity) == found.severity
        and all(found.labels.get(name, "") == str(text) for name, text in labels.items())
        and (value is None or abs(float(value) - found.value) <= _LIKE * max(1.0, abs(found.value)))
    )


def _shown(expected: Mapping[str, Any]) -> str:
    words = [str(expected.get("state", "firing")), str(expected.get("severity", "")), str(expected.get("value", ""))]
    labels = ", ".join(f'{name}="{text}"' for name, text in sorted((expected.get("labels") or {}).items()))
    return " ".join([*filter(None, words), f"{{{labels}}}"])
