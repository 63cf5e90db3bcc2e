"""Who is connected now, by tenant: whoever serves a connection enters it here."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from services.core.clock import Clock
from services.streamer.ports import Events


class Reached(Protocol):
    """Whoever is at the end of a connection."""

    @property
    def sent(self) -> int:
        """How many messages it was sent."""
        ...

    def broadcast(self, events: Events) -> bool:
        """Hand it events; whether they will reach it."""
        ...


@dataclass(eq=False, slots=True)
class Connection:
    """One connection."""

    kind: str
    client: str
    reached: Reached
    rooms: frozenset[str] = frozenset()
    """What it is subscribed to; whoever serves it changes this."""
    id: str = ""
    since: float = 0.0
    """Unix seconds."""


@dataclass(slots=True)
class Attendance:
    """What has been of a tenant's connections since this process started."""

    opened: int = 0
    most: int = 0
    """Most connections at one time."""
    sent: Counter[str] = field(default_factory=Counter)
    """Messages of connections that have gone, by kind."""


class Presence:
    """The connections of every tenant, counted since `began` on the clock's own scale."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.began = clock.monotonic()
        self._numbers = count(1)
        self._present: dict[str, dict[str, Connection]] = {}
        self._attendance: dict[str, Attendance] = {}

    def enter(self, tenant: str, connection: Connection) -> None:
        """Present from now on, under an id of its own."""
        connection.id, connection.since = str(next(self._numbers)), self._clock.now()
        present = self._present.setdefault(tenant, {})
        present[connection.id] = connection
        attendance = self._attendance.setdefault(tenant, Attendance())
        attendance.opened += 1
        attendance.most = max(attendance.most, len(present))

    def leave(self, tenant: str, connection: Connection) -> None:
        """Not present any more."""
        del self._present[tenant][connection.id]
        self._attendance[tenant].sent[connection.kind] += connection.reached.sent

    def of(self, tenant: str) -> list[Connection]:
        """The connections of a tenant, oldest first."""
        return list(self._present.get(tenant, {}).values())

    def attendance(self, tenant: str) -> Attendance:
        """What has been of them."""
        return self._attendance.get(tenant, Attendance())

    def broadcast(self, tenant: str, events: Events) -> list[Connection]:
        """Hand events to every connection of a tenant; those that they will reach."""
        return [connection for connection in self.of(tenant) if connection.reached.broadcast(events)]
