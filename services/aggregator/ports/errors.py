"""Questions about errors in groups. Times are microseconds since the Unix epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from services.aggregator.ports.searches import ErrorSearch

ErrorOrder = Literal["last_seen", "first_seen", "count", "users"]
GroupPosition = tuple[int, str]
"""What groups are ordered by, and the fingerprint."""
OccurrencePosition = tuple[int, str, str, int, int, str]
"""Time, source, journal, offset, row, and span of an error."""
TREND_STEPS = 24


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One error; the source is `event`, `log` or `span`."""

    position: OccurrencePosition
    message: str
    stack: str
    user_id: str
    trace_id: str
    version: str
    attributes_json: str

    @property
    def time_us(self) -> int:
        """When it happened."""
        return self.position[0]

    @property
    def source(self) -> str:
        """Where it was told."""
        return self.position[1]


@dataclass(frozen=True, slots=True)
class Release:
    """Errors of a group in one release."""

    version: str
    count: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors that are alike; `trend` counts them by TREND_STEPS equal steps of the range."""

    position: GroupPosition
    service: str
    type: str
    message: str
    place: str
    events: int
    logs: int
    spans: int
    users: int
    first_us: int
    last_us: int
    trend: Sequence[int]
    releases: Sequence[Release]
    sample: Occurrence

    @property
    def fingerprint(self) -> str:
        """What tells the group from others."""
        return self.position[1]


class Errors(Protocol):
    """Answers from what is stored.

    Every method raises Unavailable, DeadlineExceeded, or InvalidInput when the answer is too large.
    """

    async def groups(
        self, tenant: str, search: ErrorSearch, order: ErrorOrder, limit: int, before: GroupPosition | None = None
    ) -> Sequence[ErrorGroup]:
        """At most `limit` groups, greatest position first, all below `before`."""
        ...

    async def group(self, tenant: str, search: ErrorSearch, fingerprint: str) -> ErrorGroup | None:
        """One group."""
        ...

    async def occurrences(
        self,
        tenant: str,
        search: ErrorSearch,
        fingerprint: str,
        limit: int,
        before: OccurrencePosition | None = None,
    ) -> Sequence[Occurrence]:
        """At most `limit` errors of a group, newest first, all below `before`."""
        ...
