"""Whatever tenants do and whatever happens to them: nobody is told what is another's."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from hypothesis import example, given, settings, strategies as st

from services.core.errors import Unavailable
from services.streamer.domain.deliveries import Batch, Report
from services.streamer.domain.feeds import Asked, Figures
from services.streamer.domain.hub import Hub
from services.streamer.domain.joining import Sources
from services.streamer.domain.selections import Selection
from services.streamer.domain.session import Session, Wanted
from services.streamer.domain.shared import LINGER_SECONDS
from services.streamer.domain.tally import WEBSOCKET, Tally
from services.streamer.ports import (
    Answer,
    Begin,
    Found,
    Frame,
    NamedFigures,
    Overview,
    Position,
    Question,
    Row,
    Rows,
    Span,
    State,
    Topic,
)
from tests.support.clock import ManualClock

TENANTS = ("acme", "umbrella", "default")
KINDS = ("a", "b")
JOURNAL = "00000000000000aa"


class Everything:
    """Overview, rows and reports of every tenant; each says whose it is."""

    def __init__(self) -> None:
        self.ends: dict[str, int] = defaultdict(int)
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self._tails: dict[str, list[asyncio.Queue[Rows | None]]] = defaultdict(list)

    def tell(self, tenant: str, kind: str) -> None:
        begin = self.ends[tenant]
        self.ends[tenant] = begin + 1
        self.rows[tenant].append(Row(JOURNAL, (begin, 0), 0.0, kind, tenant, "{}", None))
        for queue in self._tails[tenant]:
            queue.put_nowait(self._since(tenant, begin))

    def cut(self, tenant: str) -> None:
        for queue in self._tails[tenant]:
            queue.put_nowait(None)

    async def watch(self, tenant: str) -> AsyncIterator[Frame]:
        yield State(Overview(0.0, tenant), {})
        await asyncio.Event().wait()

    async def report(self, tenant: str, name: str) -> Answer:
        return Answer(tenant)

    async def answer(self, tenant: str, question: Question, token: str) -> Answer:
        return Answer(tenant)

    async def figures(self, tenant: str, named: NamedFigures) -> Answer:
        return Answer(tenant)

    def joined(self, whole: object, changes: Sequence[object]) -> object:
        return whole

    def changed(self, former: object, now: object) -> object | None:
        return None

    async def tail(self, tenant: str, topic: Topic, position: Position | None) -> AsyncGenerator[Begin | Rows, None]:
        queue: asyncio.Queue[Rows | None] = asyncio.Queue()
        self._tails[tenant].append(queue)
        try:
            yield Begin(self._position(tenant), position is not None)
            if position is not None:
                yield self._since(tenant, position.mark(JOURNAL)[0])
            while rows := await queue.get():
                yield rows
            raise Unavailable("cut")
        finally:
            self._tails[tenant].remove(queue)

    async def read(
        self, tenant: str, topic: Topic, position: Position, until: Position
    ) -> AsyncGenerator[Found | Rows, None]:
        yield Found(True, self._position(tenant))
        yield self._since(tenant, position.mark(JOURNAL)[0])

    def _position(self, tenant: str) -> Position:
        return Position({JOURNAL: (self.ends[tenant], 0)}, 0.0)

    def _since(self, tenant: str, begin: int) -> Rows:
        return Rows([Span(JOURNAL, (begin, 0), (self.ends[tenant], 0))], self.rows[tenant][begin:], 0.0, 10)


@dataclass(frozen=True)
class Come:
    tenant: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Tell:
    tenant: str
    kind: str


@dataclass(frozen=True)
class Cut:
    tenant: str


@dataclass(frozen=True)
class Wait:
    seconds: float


Step = Come | Tell | Cut | Wait
tenants, kinds = st.sampled_from(TENANTS), st.sampled_from(KINDS)
STEPS = st.lists(
    st.one_of(
        st.builds(Come, tenants, st.frozensets(kinds)),
        st.builds(Tell, tenants, kinds),
        st.builds(Cut, tenants),
        st.builds(Wait, st.floats(0, 6)),
    ),
    max_size=30,
)


class Looker:
    """A connection that looks at everything, and who keeps what it is told."""

    def __init__(self, session: Session, kinds: Collection[str], told_before: int) -> None:
        self.session = session
        self.kinds = kinds
        self.told_before = told_before
        self.seen: list[Row] = []
        self.figures: list[object] = []
        feeds = (Selection(kinds=tuple(sorted(kinds))), Figures(), Asked("stats", 1.0))
        session.subscribe(Wanted("all", ("all",), feeds))

    def look(self) -> None:
        for held in self.session.outbox.take():
            match held.content:
                case Batch() as batch:
                    assert batch.standing.tenant == self.session.tenant
                    self.seen += batch.rows
                case Report(body=body) | State(overview=Overview(body=body)):
                    self.figures.append(body)


async def lived(steps: list[Step]) -> None:
    everything, clock = Everything(), ManualClock()
    lookers: list[Looker] = []
    async with asyncio.TaskGroup() as tasks:
        hub = Hub(Sources(everything, (everything,), everything), clock, tasks, Tally())
        with ExitStack() as opened:
            for step in (*steps, Wait(30)):
                match step:
                    case Come(tenant, wanted):
                        session = opened.enter_context(hub.connected(tenant, WEBSOCKET))
                        lookers.append(Looker(session, wanted, everything.ends[tenant]))
                    case Tell(tenant, kind):
                        everything.tell(tenant, kind)
                    case Cut(tenant):
                        everything.cut(tenant)
                await clock.advance(step.seconds if isinstance(step, Wait) else 0)
                for looker in lookers:
                    looker.look()
        # What was followed lingers, and ends.
        await clock.advance(LINGER_SECONDS)
    for looker in lookers:
        asked = [
            (place >= looker.told_before, row)
            for place, row in enumerate(everything.rows[looker.session.tenant])
            if not looker.kinds or row.kind in looker.kinds
        ]
        least = sum(since for since, _row in asked)
        # Who comes while what is followed is behind is told what that still brings.
        assert looker.seen == [row for _since, row in asked[len(asked) - max(least, len(looker.seen)) :]]
        assert set(looker.figures) == {looker.session.tenant}


@settings(max_examples=60)
@given(STEPS)
@example([Come("acme", frozenset()), Cut("acme"), Tell("acme", "a"), Come("acme", frozenset())])
def test_everybody_is_told_all_that_is_their_own_and_nothing_else(steps: list[Step]) -> None:
    asyncio.run(lived(steps))
