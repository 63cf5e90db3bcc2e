"""What questions about events, log lines, spans and errors ask for. Empty parts match all; parts go by AND."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Comparison = Literal["=", "!=", "<", "<=", ">", ">=", "exists", "absent"]
Position = tuple[int, str, int, int]
"""Time in microseconds since the Unix epoch and place of a row; rows are listed in falling order of it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: at the row below `position`, or with `newer` ends: at the row above it."""

    position: Position
    newer: bool = False


@dataclass(frozen=True, slots=True)
class AttributeCondition:
    """A comparison of one attribute, found by names from the outermost object in; the value's type counts.

    `!=` and `absent` hold where the attribute lacks; `exists` and `absent` have no value.
    """

    path: tuple[str, ...]
    comparison: Comparison
    value: str | float | bool | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """Something to find, A to Z in small letters: `tokens` as whole words, and `text` as it stands unless empty."""

    tokens: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class TextSearch:
    """Terms that all occur, and terms that do not."""

    required: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeRange:
    """`[from_us, to_us)`, microseconds since the Unix epoch."""

    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class EventSearch:
    """Which events; the text is looked for in the attributes as JSON."""

    range: TimeRange
    types: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    user_ids: tuple[str, ...] = ()
    session_ids: tuple[str, ...] = ()
    text: TextSearch = TextSearch()
    attributes: tuple[AttributeCondition, ...] = ()
    without_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogSearch:
    """Which log lines; `pattern` is a regular expression, `levels` are numbers of `LogLevel`."""

    range: TimeRange
    levels: tuple[int, ...] = ()
    services: tuple[str, ...] = ()
    text: TextSearch = TextSearch()
    pattern: str = ""
    trace_id: str = ""
    span_id: str = ""
    attributes: tuple[AttributeCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class SpanSearch:
    """Which spans; durations in nanoseconds."""

    range: TimeRange
    services: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    min_duration_ns: int | None = None
    max_duration_ns: int | None = None
    failed: bool = False
    root: bool = False
    attributes: tuple[AttributeCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorSearch:
    """Which errors; sources are `event`, `log` and `span`."""

    range: TimeRange
    services: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    text: TextSearch = TextSearch()


@dataclass(frozen=True, slots=True)
class Steps:
    """Equal steps in time: `count` of `seconds` each from `first_second` on, a multiple of it."""

    first_second: int
    seconds: int
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of each step under one name."""

    name: str
    counts: Sequence[int]
