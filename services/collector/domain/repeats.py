"""What became of the requests that their senders named, as long as this process remembers them.

A collector that forgot, or another one, writes the request to its journal again: the aggregator leaves it out then.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

# About 600 bytes each.
CAPACITY = 50_000

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Remembered(Generic[Answer]):
    """A request that was taken: what is answered once it is durable."""

    outcome: Answer
    durable: asyncio.Future[int]

    async def answer(self) -> Answer:
        """What the first request was answered, not before it. Raises what it raised."""
        # Who waits here may go away: that must not take the answer from the others.
        await asyncio.shield(self.durable)
        return self.outcome


class RecentBatches(Generic[Answer]):
    """The newest named requests of all tenants, in memory; the oldest are forgotten beyond `capacity`."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, str], Remembered[Answer]] = OrderedDict()

    def recall(self, tenant: str, batch_id: str) -> Remembered[Answer] | None:
        """The request of this name, durable or about to be; None for one without a name or not known."""
        return self._known.get((tenant, batch_id)) if batch_id else None

    def remember(self, tenant: str, batch_id: str, outcome: Answer, durable: asyncio.Future[int]) -> Remembered[Answer]:
        """Take in a request with a name; forgotten at once when it fails, so that it can be tried again."""
        key = (tenant, batch_id)
        entry = self._known[key] = Remembered(outcome, durable)
        durable.add_done_callback(lambda done: self._settle(key, entry, done))
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return entry

    def _settle(self, key: tuple[str, str], entry: Remembered[Answer], done: asyncio.Future[int]) -> None:
        if (done.cancelled() or done.exception() is not None) and self._known.get(key) is entry:
            del self._known[key]
