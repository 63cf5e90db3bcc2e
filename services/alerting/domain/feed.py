"""Tells what changes to who watches, and never waits for them."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from services.core.errors import BinnacleError, Overloaded, Unavailable

READER_BEHIND = 10_000
"""Changes that may wait for one reader before it is ended."""
Thing = TypeVar("Thing")


class Reader(Generic[Thing]):
    """One who watches: things as they became, in order, from the moment it joined."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._waiting: deque[Thing] = deque()
        self._ended: BinnacleError | None = None
        self._news = asyncio.Event()

    async def next(self) -> Thing:
        """The next change. Errors: Overloaded once it fell behind, Unavailable when alerting stops."""
        while not self._waiting and self._ended is None:
            self._news.clear()
            await self._news.wait()
        if self._ended is not None:
            raise self._ended
        return self._waiting.popleft()

    def tell(self, thing: Thing) -> None:
        """Queue a change; a full queue ends the reader."""
        if len(self._waiting) >= self._bound:
            self.end(Overloaded(f"the reader is {self._bound} changes behind; come back at once", 0.0))
        else:
            self._waiting.append(thing)
            self._news.set()

    def end(self, reason: BinnacleError) -> None:
        """Let `next` raise from now on."""
        self._waiting.clear()
        self._ended = reason
        self._news.set()


class Feed(Generic[Thing]):
    """What changes of one tenant, to any number of readers."""

    def __init__(self, bound: int = READER_BEHIND) -> None:
        self._bound = bound
        self._readers: set[Reader[Thing]] = set()
        self._closed = False

    @contextmanager
    def reader(self) -> Iterator[Reader[Thing]]:
        """Join. Between joining and leaving no change is missed."""
        reader: Reader[Thing] = Reader(self._bound)
        self._readers.add(reader)
        if self._closed:
            reader.end(_stopping())
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    def publish(self, things: Iterable[Thing]) -> None:
        """Tell everybody."""
        for thing in things:
            for reader in self._readers:
                reader.tell(thing)

    def close(self) -> None:
        """End every reader, and each that joins later."""
        self._closed = True
        for reader in self._readers:
            reader.end(_stopping())


def _stopping() -> Unavailable:
    return Unavailable("alerting is stopping; come back at once", 0.0)
