"""Questions about spans, traces and exemplars. Times and durations are nanoseconds, times since the Unix epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from services.aggregator.ports.searches import SpanSearch, TimeRange
from services.core.matching import Matcher

TraceOrder = Literal["newest", "longest"]
NodeKind = Literal["service", "database", "queue", "external"]
TracePosition = tuple[int, str]
"""Start of the first, or duration of the longest, of a trace's matching spans, and the trace."""
ExemplarPosition = tuple[int, int, str, str, float]
"""Time, series, trace, span and value of an exemplar."""

FAILED = 2
"""The status of a span that failed, as OpenTelemetry numbers it."""
LISTED_SERVICES = 100
"""How many services of a trace are told in short."""


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """A span; kind and status as OpenTelemetry numbers them, the last three as JSON."""

    span_id: str
    parent_span_id: str
    name: str
    service: str
    kind: int
    status: int
    status_message: str
    start_ns: int
    duration_ns: int
    attributes_json: str
    events_json: str
    links_json: str


@dataclass(frozen=True, slots=True)
class TraceMatch:
    """A trace that is listed, with the number of its spans that match."""

    position: TracePosition
    matching: int

    @property
    def trace_id(self) -> str:
        """The trace."""
        return self.position[1]


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """All of a trace in short; service and operation are those of its first root, or else of its first span."""

    trace_id: str
    service: str
    operation: str
    start_ns: int
    end_ns: int
    spans: int
    failed: int
    services: Sequence[str]


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls from one node to another; no caller stands for all of them."""

    caller: str | None
    callee: str
    calls: int
    errors: int
    p50_ns: float
    p95_ns: float
    kind: NodeKind = "service"


@dataclass(frozen=True, slots=True)
class StoredExemplar:
    """A single measurement with the labels of its series."""

    position: ExemplarPosition
    labels: Mapping[str, str]
    attributes_json: str


@dataclass(frozen=True, slots=True)
class ExemplarSearch:
    """Which exemplars: of series that match, with values in a range; None is no bound."""

    range: TimeRange
    matchers: tuple[Matcher, ...]
    least: float | None = None
    most: float | None = None


class Traces(Protocol):
    """Answers from what is stored.

    Every method raises Unavailable, DeadlineExceeded, or InvalidInput when the answer is too large.
    """

    async def spans(self, tenant: str, trace_id: str, limit: int) -> Sequence[StoredSpan]:
        """At most `limit` spans of a trace, each once, by start."""
        ...

    async def page(
        self, tenant: str, search: SpanSearch, order: TraceOrder, limit: int, before: TracePosition | None = None
    ) -> Sequence[TraceMatch]:
        """At most `limit` traces with a span that matches, greatest position first, all below `before`."""
        ...

    async def summaries(self, tenant: str, trace_ids: Sequence[str]) -> Mapping[str, TraceSummary]:
        """Traces in short."""
        ...

    async def count(self, tenant: str, range_: TimeRange) -> int:
        """Spans of a range."""
        ...

    async def answered_calls(self, tenant: str, range_: TimeRange, one_of: int) -> Sequence[Calls]:
        """Calls between services that both send spans, and all calls of each service from anywhere (no caller).

        With `one_of` above 1 of one in so many traces.
        """
        ...

    async def unanswered_calls(self, tenant: str, range_: TimeRange, one_of: int) -> Sequence[Calls]:
        """Calls that no span answers, by what their callers say of the other side."""
        ...

    async def exemplars(
        self, tenant: str, search: ExemplarSearch, limit: int, before: ExemplarPosition | None = None
    ) -> Sequence[StoredExemplar]:
        """At most `limit` exemplars, greatest position first, all below `before`."""
        ...
