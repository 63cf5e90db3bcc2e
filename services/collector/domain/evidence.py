"""What a refused point held, in a few words that give no secret away."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.collector.domain.columns import (
    EventColumns,
    HeartbeatColumns,
    LabelledColumns,
    LogColumns,
    SampleColumns,
    SeriesDefinition,
)

MAX_TEXT = 100
MASK = "***"
SECRET = re.compile(
    r"pass(?:word|wd|phrase)?|pwd|secret|token|authori[sz]ation|cookie|credential|api[_.:/-]?key|private[_.:/-]?key|bearer",
    re.IGNORECASE,
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The service or series of a point, and what it held."""

    source: str = ""
    text: str = ""


NONE = Evidence()
Witness = Callable[[int], Evidence]
"""Tells what a row held."""


def cut(text: str) -> str:
    """At most 100 characters, printable ones only."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: MAX_TEXT + 1])
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 1] + "…"


def of_events(events: EventColumns) -> Witness:
    """Type, service and time; never what the event is about."""
    return lambda row: _of(
        events.services[row], f'type "{cut(events.types[row])}", {_time(int(events.times_us[row]), 1)}'
    )


def of_logs(logs: LogColumns) -> Witness:
    """Level, service and time; never the line."""
    return lambda row: _of(logs.services[row], f"level {logs.levels[row]}, {_time(int(logs.times_us[row]), 1)}")


def of_heartbeats(beats: HeartbeatColumns) -> Witness:
    """Status, service and time."""
    return lambda row: _of(
        beats.services[row], f'status "{cut(beats.statuses[row])}", {_time(int(beats.times_us[row]), 1)}'
    )


def of_samples(samples: SampleColumns) -> Witness:
    """Identity of the series, value and time."""
    return lambda row: _of(
        "",
        f"series {int(samples.series_ids[row]):016x}, value {float(samples.values[row]):g}, "
        f"{_time(int(samples.times_ms[row]), 1_000)}",
    )


def of_labelled(labelled: LabelledColumns) -> Witness:
    """Name and labels of the series, values of secret ones masked."""
    return lambda row: of_definition(labelled.definitions[int(labelled.rows[row])])


def of_definition(definition: SeriesDefinition) -> Evidence:
    """A series by itself."""
    labels = ", ".join(f'{name}="{_masked(name, value)}"' for name, value in definition.labels[:MAX_TEXT])
    return _of(definition.name, f"{definition.name}{{{labels}}}")


def _of(source: str, text: str) -> Evidence:
    return Evidence(cut(source), cut(text))


def _masked(name: str, value: str) -> str:
    return MASK if SECRET.search(name) else value[:MAX_TEXT]


def _time(time: int, to_micros: int) -> str:
    try:
        return (
            (EPOCH + timedelta(microseconds=time * to_micros)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
    except OverflowError:
        return f"time {time}"
