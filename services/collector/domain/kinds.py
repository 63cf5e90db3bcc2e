"""The kinds of points that stand for themselves: events, log lines, heartbeats. Samples have series beside them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from services.collector.domain import evidence, rules
from services.collector.domain.columns import EventColumns, HeartbeatColumns, LogColumns, Mask, PackedEvents, Times
from services.collector.domain.inspection import Inspection
from services.collector.domain.places import Places


class PointColumns(Protocol):
    """Columns with a time for each row, in microseconds since the Unix epoch."""

    @property
    def times_us(self) -> Times: ...

    def __len__(self) -> int: ...

    def take(self, keep: Mask) -> object: ...


Points = TypeVar("Points", bound=PointColumns)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Points]):
    """One kind: its word in counters, warnings and Accepted, how it is judged, and what tells of a refused row."""

    name: str
    inspect: Callable[[Points, Places, rules.Moment], Inspection]
    witness: Callable[[Points], evidence.Witness]

    def named(self, columns: object) -> dict[str, Any]:
        """The columns by their field of Accepted."""
        return {self.name: columns}


def _witness_of_packed(events: PackedEvents) -> evidence.Witness:
    def witness(row: int) -> evidence.Evidence:
        # Unpacked only when there is something to tell.
        return evidence.of_events(events.unpack())(row)

    return witness


EVENTS: Kind[EventColumns] = Kind("events", rules.inspect_events, evidence.of_events)
PACKED_EVENTS: Kind[PackedEvents] = Kind("events", rules.inspect_packed, _witness_of_packed)
LOGS: Kind[LogColumns] = Kind("logs", rules.inspect_logs, evidence.of_logs)
HEARTBEATS: Kind[HeartbeatColumns] = Kind("heartbeats", rules.inspect_heartbeats, evidence.of_heartbeats)
