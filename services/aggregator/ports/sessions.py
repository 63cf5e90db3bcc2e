"""Sessions, and what is told of them. Times are microseconds since the Unix epoch; ends of ranges are not within."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.aggregator.ports.searches import TimeRange
from services.aggregator.ports.store import StoredEvent

LISTED = 50
"""How many pages, features and services of one session are given."""


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions: those with events within the range that meet each condition; empty words match all.

    `active_from_us` is the earliest time a session must have been seen at; 0 for any.
    """

    from_us: int
    to_us: int
    active_from_us: int = 0
    user_id: str = ""
    feature: str = ""
    service: str = ""
    errors_only: bool = False


SessionPosition = tuple[int, str]
"""Time of the last event and id; sessions are listed in falling order of it."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session within a range. `revenue` maps currencies to amounts, `context` attributes to JSON texts."""

    session_id: str
    user_id: str
    start_us: int
    end_us: int
    events: int
    page_views: int
    pages: Sequence[str]
    features: Sequence[str]
    purchases: int
    revenue: Mapping[str, float]
    requests: int
    errors: int
    services: Sequence[str]
    entry_page: str
    exit_page: str
    last_event_type: str
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def position(self) -> SessionPosition:
        return self.end_us, self.session_id


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """Figures over all sessions of a range; durations in seconds; `with_pages` counts sessions with any page view."""

    sessions: int
    active: int
    users: int
    average_seconds: float
    median_seconds: float
    events: int
    page_views: int
    with_pages: int
    bounced: int
    with_errors: int
    with_purchase: int
    with_conversion: int


@dataclass(frozen=True, slots=True)
class FeatureUse:
    """Uses of one feature; `points` hold start of the step in Unix seconds, uses and people, where there are any."""

    feature: str
    uses: int
    users: int
    sessions: int
    first_us: int
    last_us: int
    points: Sequence[tuple[int, int, int]] = ()


@dataclass(frozen=True, slots=True)
class FeatureUsage:
    """The features used most, and how many features and people there are in all."""

    features: Sequence[FeatureUse]
    total_features: int
    total_users: int


@dataclass(frozen=True, slots=True)
class FeatureFilter:
    """Which uses; empty words match all. `starts` are those of the steps, in Unix seconds; none without points."""

    from_us: int
    to_us: int
    feature: str = ""
    service: str = ""
    starts: Sequence[int] = ()


class SessionReader(Protocol):
    """Asks about sessions. Methods raise what adapters/clickhouse/reader.py says."""

    async def sessions(
        self, tenant: str, matching: SessionFilter, limit: int, before: SessionPosition | None = None
    ) -> Sequence[Session]:
        """The sessions last active first, at most `limit`, all `before` a position."""
        ...

    async def session(self, tenant: str, session_id: str, from_us: int, to_us: int) -> Session | None:
        """One session; None when no event of the range is of it."""
        ...

    async def figures(
        self, tenant: str, from_us: int, to_us: int, active_from_us: int, service: str = ""
    ) -> SessionFigures:
        """Figures over the sessions of a range, of events of one service or all."""
        ...

    async def features(self, tenant: str, matching: FeatureFilter, limit: int) -> FeatureUsage:
        """The features used most."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose story: a session's or a person's, exactly one of the two; `during` holds its events where that is known."""

    session_id: str = ""
    user_id: str = ""
    during: TimeRange | None = None


@dataclass(frozen=True, slots=True)
class StoryLog:
    """A log line of a story; `level` is a number of `LogLevel`."""

    time_us: int
    level: int
    service: str
    message: str
    trace_id: str
    attributes_json: str


@dataclass(frozen=True, slots=True)
class StorySpan:
    """A span of a story; its time is its start."""

    time_us: int
    trace_id: str
    span_id: str
    name: str
    service: str
    duration_ms: float
    failed: bool


StoryPosition = tuple[int, int, str, int, int]
"""Time, kind (0 event, 1 log line, 2 span) and place; entries are told in rising order of it."""


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """One thing that happened, and where it stands."""

    position: StoryPosition
    what: StoredEvent | StoryLog | StorySpan


@dataclass(frozen=True, slots=True)
class StorySummary:
    """First and last event of a person within a range, and how many there are."""

    first_us: int
    last_us: int
    events: int


class StoryReader(Protocol):
    """Tells stories. Methods raise what adapters/clickhouse/reader.py says."""

    async def story(
        self, tenant: str, subject: Subject, from_us: int, to_us: int, limit: int, after: StoryPosition | None = None
    ) -> Sequence[StoryEntry]:
        """Events, and the log lines and spans that name the subject or are of a trace its events name, oldest first."""
        ...

    async def summary(self, tenant: str, user_id: str, from_us: int, to_us: int) -> StorySummary | None:
        """A person's events; None without any."""
        ...
