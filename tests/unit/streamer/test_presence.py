"""Who is connected: counted by tenant, reached by tenant."""

from services.streamer.domain.presence import Connection, Presence
from services.streamer.ports import Event, Events
from tests.support.clock import ManualClock


def connection(taken: list[Events], *, reads: bool = True) -> Connection:
    def offer(events: Events) -> bool:
        taken.append(events)
        return reads

    return Connection("websocket", "browser", offer, lambda: len(taken))


def test_a_connection_is_present_while_it_lasts() -> None:
    presence = Presence(ManualClock(1_000.0))
    with presence.entered("t", connection([])) as first, presence.entered("t", connection([])) as second:
        assert presence.of("t") == [first, second]
        assert presence.of("other") == []
        assert (first.since, first.rooms) == (1_000.0, frozenset())
        assert first.id != second.id
    assert presence.of("t") == []


def test_a_broadcast_reaches_its_tenant_and_says_whom() -> None:
    presence, here, slow, there = Presence(ManualClock()), [], [], []  # type: ignore[var-annotated]
    events = Events((Event("test", None),))
    with (
        presence.entered("t", connection(here)) as reader,
        presence.entered("t", connection(slow, reads=False)),
        presence.entered("other", connection(there)),
    ):
        assert presence.broadcast("t", events) == [reader]
    assert (here, there) == ([events], [])


def test_attendance_outlives_connections() -> None:
    presence, taken = Presence(ManualClock()), [Events(()), Events(())]
    for _ in range(3):
        with presence.entered("t", connection(taken)):
            pass
    been = presence.attendance("t")
    assert (been.opened, been.most, been.sent["websocket"]) == (3, 1, 6)
    assert presence.attendance("other").opened == 0
