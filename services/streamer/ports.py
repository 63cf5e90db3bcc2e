"""What the streamer needs, in its own words: frames of the live overview, who gives them, and the suite's parts.

The bodies of frames are opaque here: they are what the wire brought, and only `convert` looks inside.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self, TypeVar, cast

Form = TypeVar("Form")


@dataclass(frozen=True, slots=True, eq=False)
class Encodable:
    """Something shared by many viewers, which keeps every form made of it."""

    _forms: dict[object, object] = field(default_factory=dict, init=False, repr=False)

    def form(self, encode: Callable[[Self], Form]) -> Form:
        """What `encode` makes of it; made once, however many ask."""
        if encode not in self._forms:
            self._forms[encode] = encode(self)
        return cast("Form", self._forms[encode])


@dataclass(frozen=True, slots=True, eq=False)
class Event(Encodable):
    """Something that happened: its type, the event as it came, and its `place`, the same whenever it comes again."""

    type: str
    body: object
    place: str = ""


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
