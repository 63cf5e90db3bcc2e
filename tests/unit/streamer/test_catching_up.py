"""Whoever comes back is told each row once and in order, or that something is missing; however things fall."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from hypothesis import example, given, settings, strategies as st

from services.core.errors import Unavailable
from services.streamer.domain.catching_up import CatchingUp
from services.streamer.domain.deliveries import Batch, Begun
from services.streamer.domain.row_room import RowRoom
from services.streamer.domain.selections import Selection
from services.streamer.domain.tally import Tally
from services.streamer.ports import Begin, Found, Position, Row, Rows, Span, Topic
from tests.support.clock import ManualClock

JOURNALS = ("00000000000000aa", "00000000000000bb")
KEPT_ROWS = 4


class Store:
    """Every row ever told, of two journals; tails of each, which a test can cut or make deaf."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._ends = dict.fromkeys(JOURNALS, 0)
        self._tails: list[tuple[str, asyncio.Queue[Rows | None]]] = []
        self.deaf = False
        self.broken = False

    def tell(self, journal: str) -> None:
        begin, end = self._ends[journal], self._ends[journal] + 1
        row = Row(journal, (begin, 0), 0.0, "a", "", "{}", None)
        self.rows.append(row)
        self._ends[journal] = end
        for carried, tail in self._tails if not self.deaf else ():
            if carried == journal:
                tail.put_nowait(Rows([Span(journal, (begin, 0), (end, 0))], [row], 0.0, 10))

    def lose(self) -> None:
        for _carried, tail in self._tails:
            tail.put_nowait(None)

    def position(self) -> Position:
        return Position({journal: (end, 0) for journal, end in self._ends.items()}, 0.0)

    def since(self, position: Position) -> Rows:
        spans = [Span(journal, position.mark(journal), (end, 0)) for journal, end in self._ends.items()]
        return Rows(spans, [row for row in self.rows if row.mark >= position.mark(row.journal)], 0.0, 10)

    @contextmanager
    def tailed(self, journal: str) -> Iterator[asyncio.Queue[Rows | None]]:
        held = (journal, asyncio.Queue[Rows | None]())
        self._tails.append(held)
        try:
            yield held[1]
        finally:
            self._tails.remove(held)


class Aggregator:
    """Carries one of the journals; knows the store."""

    def __init__(self, store: Store, journal: str, clock: ManualClock) -> None:
        self._store = store
        self._clock = clock
        self._journal = journal

    async def tail(self, tenant: str, topic: Topic, position: Position | None) -> AsyncGenerator[Begin | Rows, None]:
        with self._store.tailed(self._journal) as queue:
            yield Begin(self._store.position(), position is not None)
            if position is not None:
                yield self._store.since(position)
            while rows := await queue.get():
                yield rows
            raise Unavailable("lost on purpose")

    async def read(
        self, tenant: str, topic: Topic, position: Position, until: Position
    ) -> AsyncGenerator[Found | Rows, None]:
        yield Found(True, self._store.position())
        missed = self._store.since(position)
        for row in missed.rows:
            # One by one: it may break in the middle.
            if self._store.broken:
                raise Unavailable("broken on purpose")
            begin, end = row.mark, (row.mark[0] + 1, 0)
            yield Rows([Span(row.journal, begin, end)], [row], 0.0, 10)
            await self._clock.sleep(0.1)


class Client:
    """Comes and goes, and keeps what it was told and where it stands."""

    full = False

    def __init__(self) -> None:
        self.seen: list[Row] = []
        self.position: Position | None = None
        self.resumed: list[bool] = []
        self._coming: asyncio.Task[None] | None = None

    def begins(self, begun: Begun) -> None:
        self.resumed.append(begun.resumed)
        assert begun.standing is not None
        self.position = begun.standing.position

    def take(self, batch: Batch) -> None:
        self.seen += batch.rows
        self.position = batch.standing.position

    def come(self, room: RowRoom, tasks: asyncio.TaskGroup) -> None:
        if self._coming is None:
            self._coming = tasks.create_task(CatchingUp(room, Selection(), self).run(self.position))

    def go(self, room: RowRoom) -> None:
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None
            room.leave(Selection(), self)


STEPS = st.lists(
    st.sampled_from(["tell one", "tell other", "come", "go", "lose", "deaf", "hear", "break", "mend", "wait"]),
    min_size=5,
    max_size=60,
)


async def played(steps: list[str]) -> None:
    store, clock, client = Store(), ManualClock(), Client()
    sources = [Aggregator(store, journal, clock) for journal in JOURNALS]
    room = RowRoom("t", Topic.EVENTS, sources, clock, Tally(), KEPT_ROWS)
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(room.follow())
        client.come(room, tasks)
        await clock.advance(1)
        for step in (*steps, "hear", "mend", "tell one", "tell other", "come", "lose"):
            match step:
                case "tell one" | "tell other":
                    store.tell(JOURNALS[step == "tell other"])
                case "come":
                    client.come(room, tasks)
                case "go":
                    client.go(room)
                case "lose":
                    store.lose()
                case "deaf" | "hear":
                    store.deaf = step == "deaf"
                case "break" | "mend":
                    store.broken = step == "break"
                case _:
                    await clock.advance(0.5)
        await clock.advance(30)
        client.go(room)
        following.cancel()
    assert client.resumed[0] is False
    assert all(client.resumed[1:])
    for journal in JOURNALS:
        assert [row for row in client.seen if row.journal == journal] == [
            row for row in store.rows if row.journal == journal
        ]


MISSED = ["go", *["tell one"] * 3 * KEPT_ROWS]


@settings(max_examples=60)
@given(STEPS)
@example([*MISSED, "break", "come", *["wait"] * 60])
@example([*MISSED, "come", "wait", "break", "wait", "mend"])
def test_each_row_once_and_in_order_however_a_client_comes_and_goes(steps: list[str]) -> None:
    asyncio.run(played(steps))
