"""Rows by their places: what was told live can be read again, in the same order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from services.aggregator.ports.records import Place
from services.aggregator.ports.store import StoredEvent

Mark = tuple[int, int]
"""A point within a journal, before the row it names: offset of a record, row within it."""
Marks = Mapping[str, Mark]


class Topic(Enum):
    """Which rows: events of every type but `request`, all events, or log lines."""

    EVENTS = 1
    ALL_EVENTS = 2
    LOGS = 3


@dataclass(frozen=True, slots=True)
class TailLine:
    """A log line with its place; `level` is the number of a `LogLevel`, `attributes_json` one JSON object."""

    time_us: int
    accepted_us: int
    level: int
    service: str
    message: str
    trace_id: str
    span_id: str
    attributes_json: str
    place: Place


TailRow = StoredEvent | TailLine


@dataclass(frozen=True, slots=True)
class TailFilter:
    """Which rows match; nothing listed matches all. `types` and `user_ids` are of events, `levels` of log lines."""

    types: Sequence[str] = ()
    services: Sequence[str] = ()
    user_ids: Sequence[str] = ()
    levels: Sequence[int] = ()


ALL = TailFilter()


@dataclass(frozen=True, slots=True)
class Stretch:
    """All places of a journal from `start` up to `end`, which is left out."""

    journal_id: str
    start: Mark
    end: Mark


@dataclass(frozen=True, slots=True)
class Tail:
    """Whose rows, which of them, and which of those match."""

    tenant: str
    topic: Topic
    matching: TailFilter = ALL


class TailStore(Protocol):
    """Reads committed rows by place; stretches must lie within what is committed. Errors as those of a store."""

    async def count(self, tail: Tail, stretches: Sequence[Stretch]) -> int:
        """How many rows there are."""
        ...

    async def page(self, tail: Tail, stretches: Sequence[Stretch], limit: int) -> Sequence[TailRow]:
        """The first rows of each stretch, at most `limit` of each, in order of place."""
        ...
