"""Questions about log lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.aggregator.ports.searches import Counts, Cursor, LogSearch, Position, Steps


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A log line with its place; `level` is the number of a `LogLevel`, `attributes_json` one JSON object."""

    position: Position
    level: int
    service: str
    message: str
    trace_id: str
    span_id: str
    attributes_json: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which lines surround one: of its service, so far away at most, and of its `host` unless None."""

    service: str
    within_us: int
    host: str | None = None


@dataclass(frozen=True, slots=True)
class MaskedLines:
    """Lines whose messages are the same once what varies by its form (numbers, quoted texts) is `<*>`."""

    message: str
    count: int
    sample: str
    first_us: int
    last_us: int
    levels: Mapping[int, int]
    services: Sequence[str]


class Logs(Protocol):
    """Answers from what is stored.

    Every method raises Unavailable, DeadlineExceeded, or InvalidInput when the answer is too large or the regular
    expression of the search is none.
    """

    async def page(
        self, tenant: str, search: LogSearch, limit: int, cursor: Cursor | None = None
    ) -> Sequence[StoredLine]:
        """At most `limit` lines, newest first: the newest, or those next to a cursor."""
        ...

    async def count(self, tenant: str, search: LogSearch) -> int:
        """Lines that match."""
        ...

    async def over_time(self, tenant: str, search: LogSearch, steps: Steps) -> Sequence[Counts]:
        """Counts by step, apart by level (its number as text), the most frequent first."""
        ...

    async def line(self, tenant: str, position: Position) -> StoredLine | None:
        """The line at a position."""
        ...

    async def around(self, tenant: str, among: Neighbours, limit: int, cursor: Cursor) -> Sequence[StoredLine]:
        """At most `limit` lines next to a position, newest first."""
        ...

    async def masked(self, tenant: str, search: LogSearch, one_of: int) -> Sequence[MaskedLines]:
        """All lines that match, or one of so many of them, by their masked message; the most frequent first."""
        ...
