"""One reader's queue and the rule it is filled by."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.core.errors import BinnacleError, Overloaded
from services.streamer.domain.folding import merged
from services.streamer.domain.tally import Tally
from services.streamer.ports import Events, Frame, State, Update

WAITING_EVENTS = 1_000


class Viewer:
    """A bounded queue between the hub and one reader.

    Of states and updates only the newest waits (points are merged, so that none is lost); events wait in order, and a
    reader that leaves more than `bound` of them is ended with Overloaded, it alone. `taken` counts what was read.
    """

    __slots__ = ("_bound", "_interrupt", "_queue", "_tally", "_waiter", "_waiting_events", "error", "kind", "taken")

    def __init__(self, kind: str, tally: Tally, bound: int = WAITING_EVENTS) -> None:
        self.kind = kind
        self.error: BinnacleError | None = None
        self.taken = 0
        self._tally = tally
        self._bound = bound
        self._queue: deque[Frame] = deque()
        self._waiting_events = 0
        self._waiter: asyncio.Future[None] | None = None
        self._interrupt: Callable[[], None] | None = None

    def offer(self, frame: Frame) -> None:
        """Queue a frame by its rule. Nothing is queued once the viewer has ended."""
        if self.error is not None:
            return
        if isinstance(frame, Events):
            self._offer_events(frame)
        else:
            self._offer_latest(frame)
        self._wake()

    def reach(self, events: Events) -> bool:
        """Queue events; whether they will be read."""
        self.offer(events)
        return self.error is None

    async def next(self) -> Frame:
        """The next frame, when there is one. Raises what the viewer was ended with."""
        while not self._queue:
            if self.error is not None:
                raise self.error
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        frame = self._queue.popleft()
        self.taken += 1
        if isinstance(frame, Events):
            self._waiting_events -= len(frame.events)
        return frame

    def end(self, error: BinnacleError) -> None:
        """End the viewer; what waits is dropped, since its reader has to begin again."""
        if self.error is not None:
            return
        self.error = error
        self._queue.clear()
        if isinstance(error, Overloaded):
            self._tally.slow += 1
        self._wake()
        if self._interrupt is not None:
            self._interrupt()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Call `interrupt` when the viewer ends within the block, for a reader that is stuck while sending."""
        self._interrupt = interrupt
        try:
            yield
        finally:
            self._interrupt = None

    def _offer_events(self, frame: Events) -> None:
        self._waiting_events += len(frame.events)
        if self._waiting_events > self._bound:
            self.end(Overloaded("too slow, reconnect", 0.0))
        else:
            self._queue.append(frame)

    def _offer_latest(self, frame: State | Update) -> None:
        for waiting in list(self._queue):
            if isinstance(waiting, Update):
                self._queue.remove(waiting)
                self._tally.conflated += 1
                if isinstance(frame, Update):
                    frame = merged(waiting, frame)
            elif isinstance(waiting, State) and isinstance(frame, State):
                self._queue.remove(waiting)
        self._queue.append(frame)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
