"""The store: keeps segments exactly once and answers from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.aggregator.ports.claims import Claim, Claimed, ClaimHistory
from services.aggregator.ports.records import Place, Record, Series
from services.aggregator.ports.rollups import RollUpStore
from services.aggregator.ports.signals import SignalColumns
from services.aggregator.ports.warnings import IntakeWarning, WarningFilter, WarningPosition
from services.core.columns import Telemetry


@dataclass(frozen=True, slots=True)
class Segment:
    """Records `[from_offset, to_offset)` of one journal, in order, and the signals made of them by tenant.

    A segment never changes: the same journal and range always hold the same records. `minutes` are those its samples
    fall into, by tenant, with the number of samples.
    """

    journal_id: str
    from_offset: int
    to_offset: int
    records: Sequence[Record]
    signals: Mapping[str, SignalColumns]
    minutes: Mapping[str, Mapping[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its place. `data_json` is one JSON object."""

    time_us: int
    accepted_us: int
    type: str
    service: str
    user_id: str
    session_id: str
    data_json: str
    place: Place


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: an empty word matches all."""

    type: str = ""
    service: str = ""


EventPosition = tuple[int, str, int, int]
"""Time and place of an event; events are listed in falling order of it."""


@dataclass(frozen=True, slots=True)
class IntakeCounts:
    """Rows stored of one tenant."""

    events: int
    samples: int
    logs: int
    heartbeats: int
    series: int
    events_by_type: Mapping[str, int]
    distributions: int = 0
    exemplars: int = 0
    spans: int = 0


@dataclass(frozen=True, slots=True)
class StoredHeartbeat:
    """A sign of life with its place; figures are NaN when untold."""

    time_us: int
    accepted_us: int
    service: str
    status: str
    kind: str
    request_count: float
    error_count: float
    avg_latency_ms: float
    uptime_hours: float
    place: Place


@dataclass(frozen=True, slots=True)
class DayTotals:
    """Requests and errors of one service on one UTC day, `day` in days since the Unix epoch."""

    day: int
    service: str
    requests: float
    errors: float


@dataclass(frozen=True, slots=True)
class LastSample:
    """Newest sample of a series."""

    series_id: int
    time_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class LiveHistory:
    """What the live overview of one tenant is rebuilt from; committed rows only.

    `users` maps a user to the time last seen, the earlier of event time and acceptance, in microseconds. `durations`
    holds the newest histograms of series that tell how long requests took, in order of time.
    """

    tenant: str
    series: Sequence[Series]
    signals: SignalColumns
    days: Sequence[DayTotals]
    users: Mapping[str, int]
    events: Sequence[StoredEvent]
    heartbeats: Sequence[StoredHeartbeat]
    samples: Sequence[LastSample]
    durations: Sequence[Telemetry] = ()


@dataclass(frozen=True, slots=True)
class HistoryBounds:
    """How far back a live overview looks; microseconds since the Unix epoch.

    `names` are the series it knows, `gauges` those of them whose newest sample it shows, `duration_names` those whose
    newest histogram it needs; `event_types_left_out` never enter its recent events, of which it keeps `events`.
    """

    signals_from_us: int
    day_from_us: int
    users_from_us: int
    events_from_us: int
    heartbeats_from_us: int
    samples_from_us: int
    durations_from_us: int
    names: Sequence[str]
    gauges: Sequence[str]
    duration_names: Sequence[str]
    event_types_left_out: Sequence[str]
    events: int


class Store(RollUpStore, Protocol):
    """Keeps what collectors accepted. Every method raises Unavailable while the store does not answer.

    `shared`: other aggregators may write it too; known once it is open.
    """

    shared: bool

    async def open(self) -> None:
        """Connect and bring the schema up to date. Raises Conflict when the store is newer than this software."""
        ...

    async def close(self) -> None:
        """Finish what is being written and let go of the store."""
        ...

    async def committed(self) -> Mapping[str, int]:
        """For each known journal, the offset below which every record is committed."""
        ...

    async def commit(self, segment: Segment) -> None:
        """Keep a segment, durably, once: repeating a call that failed or was killed half-way completes it.

        Segments of one journal are committed in order of offset.
        """
        ...

    async def claim(self, claims: Sequence[Claim], after: int) -> Claimed:
        """Make claims durable, unless others were made after the position `after`: then those are told instead.

        After Unavailable they may be durable or not; the next call from the same position tells.
        """
        ...

    async def claims(self, within_us: int, most: int) -> ClaimHistory:
        """The newest claims, at most `most` ids, made within so many microseconds of the newest one."""
        ...

    async def tenants(self) -> Sequence[str]:
        """Everybody who has stored anything."""
        ...

    async def live_history(self, tenant: str, bounds: HistoryBounds) -> LiveHistory:
        """What a live overview is rebuilt from. Rows of segments that were not committed are left out."""
        ...

    async def events(
        self, tenant: str, matching: EventFilter, limit: int, before: EventPosition | None = None
    ) -> Sequence[StoredEvent]:
        """The newest events that match, newest first, at most `limit`, all `before` a position."""
        ...

    async def count_events(self, tenant: str, matching: EventFilter) -> int:
        """Events that match."""
        ...

    async def intake_warnings(
        self, tenant: str, matching: WarningFilter, limit: int, before: WarningPosition | None = None
    ) -> Sequence[IntakeWarning]:
        """What was refused, newest first, at most `limit` rows, all `before` a position."""
        ...

    async def intake_counts(self, tenant: str) -> IntakeCounts:
        """Rows stored; events by type are the 100 most frequent types."""
        ...
