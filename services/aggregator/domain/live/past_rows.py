"""Rows of the past from the store and from memory, as one sequence without a gap."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from services.aggregator.domain.live.tail_rows import START, Messages, Told
from services.aggregator.ports.tails import Mark, Marks, Stretch, Tail, TailRow, TailStore

PAGE_ROWS = 2_000
LEAST_PAGE_ROWS = 100


@dataclass(slots=True)
class Lane:
    """What one journal has to tell: first what is `unread` in the store, then what is `held` in memory."""

    whole: Stretch
    unread: Stretch | None
    held: Sequence[TailRow]
    waiting: deque[TailRow] = field(default_factory=deque)
    newest_us: int = 0

    def __post_init__(self) -> None:
        if self.unread is None:
            self.waiting.extend(self.held)

    def turn(self) -> tuple[int, str]:
        """When the next row has its turn: as accepted, but never before one of its journal that it follows."""
        return max(self.newest_us, self.waiting[0].accepted_us), self.whole.journal_id

    def took(self, page: Sequence[TailRow], limit: int) -> None:
        """A page was read."""
        assert self.unread is not None
        self.waiting.extend(page)
        if len(page) < limit:
            self.unread = None
            self.waiting.extend(self.held)
        else:
            offset, row = page[-1].place[1:]
            self.unread = Stretch(self.whole.journal_id, (offset, row + 1), self.unread.end)

    def next(self) -> TailRow:
        """The next row."""
        self.newest_us = self.turn()[0]
        return self.waiting.popleft()


def lanes(
    start: Marks, end: Marks, committed: Callable[[str], Mark], held: Callable[[Stretch], Sequence[TailRow]]
) -> list[Lane]:
    """What lies between two positions: rows up to where a journal is committed are stored, those after it held."""
    found = []
    for journal_id, last in sorted(end.items()):
        first = start.get(journal_id, START)
        if first < last:
            stored = min(last, max(first, committed(journal_id)))
            unread = Stretch(journal_id, first, stored) if first < stored else None
            rows = held(Stretch(journal_id, stored, last)) if stored < last else ()
            found.append(Lane(Stretch(journal_id, first, last), unread, rows))
    return found


class PastRows:
    """The rows of several journals, in the order they were accepted as far as their places allow."""

    def __init__(self, store: TailStore, tail: Tail, journals: Sequence[Lane], now: Callable[[], float]) -> None:
        self._store = store
        self._tail = tail
        self._lanes = journals
        self._messages = Messages({lane.whole.journal_id: lane.whole.start for lane in journals}, now)

    async def count(self) -> int:
        """How many rows there are."""
        unread = [lane.unread for lane in self._lanes if lane.unread]
        stored = await self._store.count(self._tail, unread) if unread else 0
        return stored + sum(len(lane.held) for lane in self._lanes)

    async def messages(self) -> AsyncIterator[Told]:
        """All rows; the stretches of the last message reach to the end, also where there are none."""
        async for row in self._rows():
            if self._messages.full:
                yield self._messages.take()
            self._messages.add(row)
        for lane in self._lanes:
            self._messages.reach(lane.whole.journal_id, lane.whole.end)
        yield self._messages.take()

    async def _rows(self) -> AsyncIterator[TailRow]:
        while True:
            await self._fill()
            told = [lane for lane in self._lanes if lane.waiting]
            if not told:
                return
            while all(lane.waiting for lane in told):
                yield min(told, key=Lane.turn).next()

    async def _fill(self) -> None:
        """See to it that each journal has rows waiting, if it has any left."""
        while empty := {lane.whole.journal_id: lane for lane in self._lanes if lane.unread and not lane.waiting}:
            unread = [lane.unread for lane in empty.values() if lane.unread]
            limit = max(LEAST_PAGE_ROWS, PAGE_ROWS // len(empty))
            pages: dict[str, list[TailRow]] = {journal_id: [] for journal_id in empty}
            for row in await self._store.page(self._tail, unread, limit):
                pages[row.place[0]].append(row)
            for journal_id, page in pages.items():
                empty[journal_id].took(page, limit)
