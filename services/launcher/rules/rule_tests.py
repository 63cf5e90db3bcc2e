"""Tests of rules, as they are written in files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from binnacle.rules.v1 import rules_pb2
from services.core.errors import InvalidInput
from services.launcher.failures import LauncherError
from services.launcher.named_files import NamedFiles, files_named, held_by
from services.launcher.rules.files import ENDINGS, read_rules
from services.runtime.rule_files import rules_in
from services.runtime.spans import seconds_from

KINDS = ("gauge", "counter", "delta")
STATES = ("pending", "firing", "keep_firing", "no_data", "error")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVENT = ("type", "service", "user_id", "session_id", "data")
BEAT = ("service", "status", "kind")
LONGEST = timedelta(days=2)
USUAL_INTERVAL = 60.0
_START = re.compile(rf"(?:({'|'.join(DAYS)}) )?([01]\d|2[0-3]):([0-5]\d)")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_VALUES = re.compile(rf"(?P<first>{_NUMBER}|_)(?:(?P<step>[-+]{_NUMBER.removeprefix('[-+]?')})?x(?P<times>\d+))?")


@dataclass(frozen=True, slots=True)
class Series:
    """Samples of one series, as far apart as the test says; None where there is none."""

    metric: str
    labels: Mapping[str, str]
    kind: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Happening:
    """An event or a heartbeat so many seconds after the start."""

    at: float
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """The alerts of a rule that there should be so many seconds after the start, no others."""

    at: float
    rule_id: str
    alerts: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test; `start` is the day of the week (0 Monday), if any, and the minute of the day, UTC."""

    name: str
    rules: NamedFiles[rules_pb2.Rule]
    start: tuple[int | None, int]
    interval: float
    series: Sequence[Series]
    events: Sequence[Happening]
    heartbeats: Sequence[Happening]
    expectations: Sequence[Expectation]

    @property
    def length(self) -> float:
        """Seconds from the start to the last of what is expected."""
        return max(each.at for each in self.expectations)

    def begin(self, now: datetime) -> datetime:
        """The last time at which it could have started, to be over by now."""
        weekday, minute = self.start
        latest = now - timedelta(seconds=self.length + 60.0)
        begin = latest.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
        while begin > latest or weekday not in (None, begin.weekday()):
            begin -= timedelta(days=1)
        return begin


def read_tests(paths: Sequence[Path]) -> Iterator[RuleTest]:
    """The tests of files, those below folders too. Raises LauncherError for what cannot be read."""
    for path in files_named(paths, ENDINGS):
        held = held_by(path)
        for number, test in enumerate(held.get("tests") or ()):
            place = f"{path}: tests[{number}]"
            if not isinstance(test, Mapping):
                raise LauncherError(f"{place} must have fields.")
            yield _test(test, place, _rules(held, path))


def _rules(held: Mapping[str, Any], path: Path) -> NamedFiles[rules_pb2.Rule]:
    """The rules that a file has or names."""
    named = read_rules([path.parent / str(name) for name in held.get("rule_files") or ()])
    try:
        own = rules_in(held) if "rules" in held else []
    except InvalidInput as fault:
        raise LauncherError(f"{path}: {fault}") from fault
    places = [*named.places, *(f"{path}: {rule.id}" for rule in own)]
    return replace(named, things=[*named.things, *own], places=places)


def _test(held: Mapping[str, Any], place: str, rules: NamedFiles[rules_pb2.Rule]) -> RuleTest:
    expectations = [_expectation(each, f"{place}.expect") for each in _list(held, "expect", place)]
    if not expectations:
        raise LauncherError(f"{place}.expect must say what is expected, at least once.")
    known = {rule.id for rule in rules.things}
    for each in expectations:
        if each.rule_id not in known:
            raise LauncherError(f"{place}.expect: there is no rule {each.rule_id}; name its file under rule_files.")
    return RuleTest(
        name=f"{place.partition(': ')[0]}: {held.get('name') or place}",
        rules=rules,
        start=_start(str(held.get("start") or "00:00"), place),
        interval=_span(held.get("interval", USUAL_INTERVAL), f"{place}.interval"),
        series=[_series(each, f"{place}.series") for each in _list(held, "series", place)],
        events=[_happening(each, f"{place}.events", EVENT) for each in _list(held, "events", place)],
        heartbeats=[_happening(each, f"{place}.heartbeats", BEAT) for each in _list(held, "heartbeats", place)],
        expectations=expectations,
    )


def _list(held: Mapping[str, Any], name: str, place: str) -> list[Mapping[str, Any]]:
    listed = held.get(name) or []
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise LauncherError(f"{place}.{name} must be a list, each with fields.")
    return listed


def _series(held: Mapping[str, Any], place: str) -> Series:
    kind = str(held.get("kind", "gauge"))
    if not held.get("metric") or kind not in KINDS:
        raise LauncherError(f"{place} must have a metric; its kind is one of {', '.join(KINDS)}.")
    labels = {str(name): str(value) for name, value in (held.get("labels") or {}).items()}
    return Series(str(held["metric"]), labels, kind, list(_values(str(held.get("values", "")), place)))


def _values(text: str, place: str) -> Iterator[float | None]:
    """`1 2 3`, `_` for none, `5x3` for 5 and three more of it, `1+2x3` for 1 3 5 7."""
    for word in text.split():
        found = _VALUES.fullmatch(word)
        if found is None:
            raise LauncherError(f"{place}.values: {word} is neither a number, _, nor such as 5x3 or 1+2x3.")
        first = None if found["first"] == "_" else float(found["first"])
        step, times = float(found["step"] or 0.0), int(found["times"] or 0)
        if first is None:
            yield from [None] * max(times, 1)
        else:
            yield from (first + step * number for number in range(times + 1))


def _happening(held: Mapping[str, Any], place: str, fields: Sequence[str]) -> Happening:
    """What happened: its first field has to be told."""
    if not held.get(fields[0]) or not {*held} <= {"at", *fields}:
        raise LauncherError(f"{place} must have {fields[0]}, and may have {', '.join(fields[1:])}.")
    return Happening(_span(held.get("at"), f"{place}.at"), {name: one for name, one in held.items() if name != "at"})


def _expectation(held: Mapping[str, Any], place: str) -> Expectation:
    at = _span(held.get("at"), f"{place}.at")
    if at > LONGEST.total_seconds():
        raise LauncherError(f"{place}.at must be at most 2 days.")
    alerts = _list(held, "alerts", place)
    for alert in alerts:
        if alert.get("state", "firing") not in STATES:
            raise LauncherError(f"{place}.alerts.state must be one of {', '.join(STATES)}.")
    return Expectation(at, str(held.get("rule", "")), alerts)


def _start(text: str, place: str) -> tuple[int | None, int]:
    found = _START.fullmatch(text)
    if found is None:
        raise LauncherError(f"{place}.start must be a time (UTC) such as 09:30, or mon 09:30.")
    return DAYS.index(found[1]) if found[1] else None, int(found[2]) * 60 + int(found[3])


def _span(given: Any, place: str) -> float:
    if isinstance(given, int | float) and not isinstance(given, bool) and given >= 0:
        return float(given)
    seconds = seconds_from(given) if isinstance(given, str) else None
    if seconds is None:
        raise LauncherError(f"{place} must be a span of time, such as 90s or 5m.")
    return seconds


def now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)
