"""Rule files of Prometheus as rules of ours, and what of them cannot be had."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import promql_parser as promql

from binnacle.alerts.v1 import alerts_pb2
from binnacle.rules.v1 import rules_pb2
from services.launcher.rules.promql import Converted, NotConvertible, condition_of

SEVERITY = "severity"
RUNBOOK = "runbook_url"
LEAST_INTERVAL, MOST_INTERVAL = timedelta(seconds=1), timedelta(hours=1)
_SEVERITIES = {
    alerts_pb2.SEVERITY_CRITICAL: ("critical", "page", "error", "emergency", "fatal", "high", "p1", "p2"),
    alerts_pb2.SEVERITY_WARNING: ("warning", "warn", "major", "minor", "medium", "ticket", "p3", "p4"),
    alerts_pb2.SEVERITY_INFO: ("info", "information", "informational", "none", "low", "notice", "debug", "p5"),
}
_BY_WORD = {word: severity for severity, words in _SEVERITIES.items() for word in words}
_OTHER_UNITS = ("humanizePercentage", "humanizeDuration", "humanizeTimestamp", "humanize1024", "mul", "div")
"""What tells a value in another unit."""
_TEMPLATE = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_LABEL = re.compile(r"\$labels\.(\w+)|index \$labels \"([^\"]+)\"")
_FOREIGN = re.compile(r"[^a-z0-9]+")
_LONGEST_ID = 90


@dataclass(slots=True)
class Imported:
    """Rules that were converted; what was not, and what is not quite the same, each by its place in words."""

    rules: list[rules_pb2.Rule] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    recorded: set[str] = field(default_factory=set)
    places: list[str] = field(default_factory=list)
    """Of each rule that was converted."""

    def finish(self) -> None:
        """Once all files are in: note which rules are about series that Prometheus' own rules record."""
        for place, rule in zip(self.places, self.rules, strict=True):
            for metric in sorted(_metrics(rule.condition) & self.recorded):
                note = f"{metric} is recorded by a rule of Prometheus: it never fires unless that is sent here"
                self.notes.append((place, note))


def import_groups(held: Any, place: str, imported: Imported) -> None:
    """Add the rules of what a rule file of Prometheus holds."""
    groups = held.get("groups") if isinstance(held, Mapping) else None
    if not isinstance(groups, list):
        imported.refused.append((place, "is no rule file of Prometheus: it has no groups"))
        return
    for group in groups:
        rules = group.get("rules") if isinstance(group, Mapping) else None
        for rule in rules if isinstance(rules, list) else ():
            _import_rule(rule, group, place, imported)


def _import_rule(rule: Any, group: Mapping[str, Any], place: str, imported: Imported) -> None:
    name = str(rule.get("alert") or rule.get("record") or "?") if isinstance(rule, Mapping) else "?"
    here = f"{place}: {group.get('name', '?')}/{name}"
    if not isinstance(rule, Mapping) or "alert" not in rule:
        imported.recorded.add(name)
        imported.refused.append((here, "records a series; rules here ask for what they need themselves"))
        return
    try:
        converted = condition_of(str(rule.get("expr", "")))
        made = _rule(rule, group, converted)
    except (NotConvertible, ValueError) as fault:
        imported.refused.append((here, str(fault)))
        return
    made.id = _free_id(name, {one.id for one in imported.rules})
    imported.rules.append(made)
    imported.places.append(here)
    imported.notes += [(here, note) for note in converted.notes]


def _rule(rule: Mapping[str, Any], group: Mapping[str, Any], converted: Converted) -> rules_pb2.Rule:
    made = rules_pb2.Rule(name=str(rule["alert"]), condition=converted.condition)
    labels = {**_texts(group.get("labels")), **_texts(rule.get("labels"))}
    level = made.levels.add(severity=_severity(labels.pop(SEVERITY, None), converted))
    if converted.threshold is not None:
        level.threshold = converted.threshold
    for name, written in ((made.hold, "for"), (made.keep_firing, "keep_firing_for")):
        if rule.get(written):
            name.FromTimedelta(promql.parse_duration(str(rule[written])))
    if group.get("interval"):
        interval = promql.parse_duration(str(group["interval"]))
        made.interval.FromTimedelta(min(max(interval, LEAST_INTERVAL), MOST_INTERVAL))
    # As there: what is no longer sent is over.
    made.no_data.choice = rules_pb2.Lack.CHOICE_RESOLVE
    made.no_data.after.FromSeconds(0)
    _tell(made, labels, _texts(rule.get("annotations")), converted)
    return made


def _metrics(condition: rules_pb2.Condition) -> set[str]:
    return {condition.absence.metric, *(each.selection.metric for each in condition.threshold.expressions)}


def _tell(made: rules_pb2.Rule, labels: Mapping[str, str], annotations: dict[str, str], converted: Converted) -> None:
    for name, text in labels.items():
        if "{{" in text:
            converted.notes.append(f"the label {name} is left out: labels have no templates")
        else:
            made.labels[name] = text
    runbook = annotations.get(RUNBOOK, "")
    if runbook.startswith(("http://", "https://")) and "{{" not in runbook:
        made.runbook_url = annotations.pop(RUNBOOK)
    for name, text in annotations.items():
        made.annotations[name] = _template(name, text, converted)


def _severity(word: str | None, converted: Converted) -> alerts_pb2.Severity.ValueType:
    if word is None:
        converted.notes.append("it names no severity: warning")
        return alerts_pb2.SEVERITY_WARNING
    found = _BY_WORD.get(word.lower())
    if found is None:
        converted.notes.append(f"its severity {word} is not known: warning")
        return alerts_pb2.SEVERITY_WARNING
    return found


def _template(name: str, text: str, converted: Converted) -> str:
    """A text with our placeholders for those of Prometheus; what is more than a value or a label is left out."""

    def ours(found: re.Match[str]) -> str:
        label = _LABEL.search(found[1])
        if label is not None:
            return f"{{{{labels.{label[1] or label[2]}}}}}"
        if "$value" in found[1] or ".Value" in found[1]:
            if any(word in found[1] for word in _OTHER_UNITS):
                converted.notes.append(f"in the annotation {name}, {found[0]} is the value as it is")
            return "{{value}}"
        converted.notes.append(f"in the annotation {name}, {found[0]} is left out")
        return ""

    return _TEMPLATE.sub(ours, text).strip()


def _texts(held: Any) -> dict[str, str]:
    return {str(name): str(text) for name, text in held.items()} if isinstance(held, Mapping) else {}


def _free_id(name: str, taken: Iterable[str]) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
    made = _FOREIGN.sub("-", words).strip("-")[:_LONGEST_ID].strip("-") or "rule"
    number, known = 1, set(taken)
    while (found := made if number == 1 else f"{made}-{number}") in known:
        number += 1
    return found
