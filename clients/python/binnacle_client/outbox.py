"""What waits to be sent: bounded, the newest kept."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from binnacle_client.options import Delivery

T = TypeVar("T")


class Outbox(Generic[T]):
    """Items from writers that never wait, taken in batches by one sender.

    `capacity` bounds what waits, not the batches the sender has in hand.
    """

    def __init__(self, capacity: int, batch: int, interval: float, delivery: Delivery) -> None:
        self._items: deque[T] = deque()
        self._capacity, self._batch, self._interval = capacity, batch, interval
        self._delivery = delivery
        self._written = self._gone = self._flushes = 0
        self._some, self._now, self._moved = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def unsettled(self) -> int:
        """How many were put and have not met their end."""
        return self._written - self._gone

    def put(self, item: T) -> None:
        """Add one; when full, the oldest makes room."""
        if len(self._items) >= self._capacity:
            self._items.popleft()
            self._delivery.dropped += 1
            self.settle(1)
        self._items.append(item)
        self._written += 1
        self._some.set()
        if len(self._items) >= self._batch:
            self._now.set()

    async def due(self) -> None:
        """Return when there is something, after others had `interval` seconds to join it."""
        await self._some.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._interval):
                await self._now.wait()

    def take(self, fits: Callable[[T], bool] = lambda _: True) -> list[T]:
        """The oldest items: up to a batch, ending before one that does not fit, at least one."""
        taken: list[T] = []
        while self._items and len(taken) < self._batch and (fits(self._items[0]) or not taken):
            taken.append(self._items.popleft())
        if not self._items:
            self._some.clear()
        self._calm()
        return taken

    def settle(self, count: int) -> None:
        """Say that `count` taken items have met their end."""
        self._gone += count
        self._moved.set()

    async def drained(self) -> None:
        """Hurry the sender; return when all that was put before this call has met its end."""
        target = self._written
        self._flushes += 1
        self._now.set()
        try:
            while self._gone < target:
                self._moved.clear()
                await self._moved.wait()
        finally:
            self._flushes -= 1
            self._calm()

    def _calm(self) -> None:
        if len(self._items) < self._batch and not self._flushes:
            self._now.clear()
