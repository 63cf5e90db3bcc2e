"""Who is connected: counted by tenant, reached by tenant."""

from dataclasses import dataclass

from services.streamer.domain.presence import Connection, Presence
from services.streamer.ports import Event, Events
from tests.support.clock import ManualClock


@dataclass
class Reader:
    taken: list[Events]
    reads: bool

    @property
    def sent(self) -> int:
        return len(self.taken)

    def broadcast(self, events: Events) -> bool:
        self.taken.append(events)
        return self.reads


def connection(taken: list[Events], *, reads: bool = True) -> Connection:
    return Connection("websocket", "browser", Reader(taken, reads))


def test_a_connection_is_present_while_it_lasts() -> None:
    presence, first, second = Presence(ManualClock(1_000.0)), connection([]), connection([])
    presence.enter("t", first)
    presence.enter("t", second)
    assert presence.of("t") == [first, second]
    assert presence.of("other") == []
    assert (first.since, first.rooms) == (1_000.0, frozenset())
    assert first.id != second.id
    presence.leave("t", first)
    assert presence.of("t") == [second]


def test_a_broadcast_reaches_its_tenant_and_says_whom() -> None:
    presence, here, slow, there = Presence(ManualClock()), [], [], []  # type: ignore[var-annotated]
    events, reader = Events((Event("test", None),)), connection(here)
    presence.enter("t", reader)
    presence.enter("t", connection(slow, reads=False))
    presence.enter("other", connection(there))
    assert presence.broadcast("t", events) == [reader]
    assert (here, there) == ([events], [])


def test_attendance_outlives_connections() -> None:
    presence, taken = Presence(ManualClock()), [Events(()), Events(())]
    for _ in range(3):
        one = connection(taken)
        presence.enter("t", one)
        presence.leave("t", one)
    been = presence.attendance("t")
    assert (been.opened, been.most, been.sent["websocket"]) == (3, 1, 6)
    assert presence.attendance("other").opened == 0
