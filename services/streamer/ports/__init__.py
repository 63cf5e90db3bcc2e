"""What the streamer needs, in its own words: frames of the live overview, who gives them, and the suite's parts.

The bodies of frames are opaque here: they are what the wire brought, and only `convert` looks inside.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol, Self, TypeVar, cast

Form = TypeVar("Form")


@dataclass(frozen=True, slots=True, eq=False)
class Encodable:
    """Something shared by many viewers, which keeps every form made of it."""

    _forms: dict[object, object] = field(default_factory=dict, init=False, repr=False)

    def form(self, encode: Callable[[Self], Form]) -> Form:
        """What `encode` makes of it; made once, however many ask."""
        made = self._forms.get(encode)
        if made is None:
            made = self._forms[encode] = encode(self)
        return cast("Form", made)


@dataclass(frozen=True, slots=True, eq=False)
class Event(Encodable):
    """Something that happened, as it came; `place` is the same whenever it comes again, `at` is in unix seconds."""

    type: str
    body: object
    place: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Overview(Encodable):
    """The figures at one moment (unix seconds); `since` holds the newest events after it, oldest first."""

    made_at: float
    body: object
    since: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class State(Encodable):
    """All that a screen needs to start. `points` are bodies by the start of their interval, in unix milliseconds."""

    overview: Overview
    points: Mapping[int, object]
    connections: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Update(Encodable):
    """The overview a second later, and the points that are new or changed."""

    overview: Overview
    points: Mapping[int, object]
    connections: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Events(Encodable):
    """Events in the order they were accepted."""

    events: tuple[Event, ...]


Frame = State | Update | Events


class OverviewSource(Protocol):
    """Whoever keeps the live overview."""

    def watch(self, tenant: str) -> AsyncIterator[Frame]:
        """A state, then updates and events without a gap. Raises Unavailable or Overloaded when it is lost."""
        ...


class Part(Protocol):
    """A process of the suite."""

    @property
    def name(self) -> str:
        """Such as `collector`."""
        ...

    async def problem(self) -> str | None:
        """Why it is not ready to serve; None when it is. Answers within about a second."""
        ...

    async def metrics(self) -> str | None:
        """Its metrics as Prometheus text; None when it does not answer."""
        ...


Mark = tuple[int, int]
"""A point within a journal, as offset of a record and row within it: rows before it were told."""
START: Final[Mark] = (0, 0)


@dataclass(frozen=True, slots=True)
class Position:
    """How far somebody was told: a mark for each journal, and when (unix seconds) that was so."""

    marks: Mapping[str, Mark]
    as_of: float

    def mark(self, journal: str) -> Mark:
        """The mark of a journal; its beginning when nothing was told of it."""
        return self.marks.get(journal, START)


class Topic(Enum):
    """What rows are told by."""

    EVENTS = "events"
    """Events of every type but `request`."""
    ALL_EVENTS = "all events"
    LOGS = "logs"


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """An event or a log line with its place; `body` is what the wire brought. What a kind lacks is empty."""

    journal: str
    mark: Mark
    accepted: float
    kind: str
    """Type of the event, level of the line."""
    service: str
    attributes: str
    """One JSON object."""
    body: object
    user_id: str = ""
    session_id: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """All rows of a topic between two marks of one journal."""

    journal: str
    begin: Mark
    end: Mark


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Every row of some spans, `size` bytes in all; as of a time in unix seconds."""

    spans: Sequence[Span]
    rows: Sequence[Row]
    as_of: float
    size: int


@dataclass(frozen=True, slots=True)
class Begin:
    """How a tail begins: where its live part does, and whether all that was missed since a position comes before."""

    live_from: Position
    resumed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """How an answer about the past begins: whether it is complete, and how far it goes."""

    complete: bool
    reached: Position


@dataclass(frozen=True, slots=True)
class Question:
    """A question about time series as it came, over the last `seconds`, to be asked every `interval` seconds."""

    body: bytes
    seconds: float
    interval: float


@dataclass(frozen=True, slots=True)
class NamedFigures:
    """Figures by name over the last `seconds`, to be asked for every `interval` seconds; `step` 0 is a fitting one."""

    names: tuple[str, ...]
    seconds: float
    step: int
    interval: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; one that is not `whole` tells what changed. `token` is to go on from, empty where one cannot."""

    body: object
    whole: bool = True
    token: str = ""


class ReportSource(Protocol):
    """Whoever answers what is asked again and again. Each raises BinnacleError when there is no answer."""

    async def report(self, tenant: str, name: str) -> Answer:
        """A report by its name, such as `stats`."""
        ...

    async def answer(self, tenant: str, question: Question, token: str) -> Answer:
        """The answer to a question; with the token of the answer before, what changed since."""
        ...

    async def figures(self, tenant: str, named: NamedFigures) -> Answer:
        """All of these figures."""
        ...

    def joined(self, whole: object, changes: Sequence[object]) -> object:
        """The body of a whole answer to a question, after those of answers that told what changed."""
        ...

    def changed(self, former: object, now: object) -> object | None:
        """The body of a whole answer as what changed since another; None where that is no less, or cannot be told."""
        ...


class RowSource(Protocol):
    """Whoever tells rows as they come, and those that were missed."""

    def tail(self, tenant: str, topic: Topic, position: Position | None) -> AsyncGenerator[Begin | Rows, None]:
        """A beginning, what was missed since `position`, then rows as they arrive.

        Raises BinnacleError when it is lost; it can be begun again at the position reached.
        """
        ...

    def read(
        self, tenant: str, topic: Topic, position: Position, until: Position
    ) -> AsyncGenerator[Found | Rows, None]:
        """What was found, then the rows between two positions. Raises BinnacleError when that cannot be told now."""
        ...
