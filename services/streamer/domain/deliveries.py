"""What is handed to connections, each made once and shared by all that it goes to."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.core.errors import BinnacleError
from services.streamer.ports import Encodable, Event, Position, Row, State, Update


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands who was told events or log lines of a tenant."""

    tenant: str
    logs: bool
    position: Position


@dataclass(frozen=True, slots=True, eq=False)
class Begun(Encodable):
    """A subscription begins or goes on after a break; `resumed` when nothing was missed meanwhile.

    `broken` when something was missed in its middle.
    """

    resumed: bool
    standing: Standing | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Batch(Encodable):
    """Rows in order, and where their reader stands after them; `left_out` is how many were left out before them."""

    rows: Sequence[Row]
    standing: Standing
    size: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Report(Encodable):
    """An answer as it stands now. One that is not `whole` is the difference to the one before it."""

    body: object
    whole: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Failed(Encodable):
    """Why there is nothing."""

    error: BinnacleError


@dataclass(frozen=True, slots=True, eq=False)
class Pong(Encodable):
    """Answer to a ping that arrived at a time; belongs to no subscription."""

    number: int
    at: float


Content = Begun | Batch | State | Update | Report | Failed | Pong | Event
"""An Event alone comes from elsewhere than the store, and belongs to no subscription."""


@dataclass(slots=True)
class Delivery:
    """Something for one subscription of one connection."""

    subscription: str
    content: Content
