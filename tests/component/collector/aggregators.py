"""A peer that takes a journal as the aggregator does, and can be told to misbehave."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import grpc

from binnacle.aggregator.v1 import append_service_pb2 as pb, append_service_pb2_grpc as pb_grpc
from binnacle.journal.v1 import journal_pb2
from services.core.errors import InvalidInput, Unavailable
from services.runtime.process import Registration


class Journalled:
    """What a peer holds of one journal. `store` are committed records, `seals` all bounds it ever heard, in order."""

    def __init__(self) -> None:
        self.store: list[bytes] = []
        self.seals: list[tuple[int, int]] = []

    @property
    def committed(self) -> int:
        return len(self.store)


class LedgerPeer(pb_grpc.AppendServiceServicer):
    """Commits sealed segments, unless `away` (refuses) or `holding` (takes them and stays silent)."""

    def __init__(self) -> None:
        self.journals: dict[str, Journalled] = defaultdict(Journalled)
        self.away = False
        self.holding = False
        self.cancels = False
        self.streams = 0
        self.received_bytes = 0
        self.breaks: asyncio.Event = asyncio.Event()

    @property
    def registration(self) -> Registration:
        return Registration(pb_grpc.add_AppendServiceServicer_to_server, self, "binnacle.aggregator.v1.AppendService")

    def records(self) -> list[journal_pb2.Record]:
        """Every record committed, journal by journal."""
        return [journal_pb2.Record.FromString(raw) for held in self.journals.values() for raw in held.store]

    async def Append(self, requests: AsyncIterator[pb.AppendRequest], context: Any) -> AsyncIterator[pb.AppendResponse]:
        if self.away:
            raise Unavailable("the store does not answer", 0)
        self.streams += 1
        held = self.journals[(await anext(requests)).hello.journal_id]
        yield pb.AppendResponse(committed_offset=held.committed)
        pending: list[bytes] = []
        async for request in requests:
            if self.breaks.is_set():
                self.breaks.clear()
                if self.cancels:
                    await context.abort(grpc.StatusCode.CANCELLED, "cancelled on purpose")
                raise Unavailable("broken on purpose", 0)
            if request.HasField("records"):
                self._take(held, pending, request.records)
            elif not self.holding:
                self._seal(held, pending, request.seal)
                yield pb.AppendResponse(committed_offset=held.committed)
            else:
                held.seals.append((request.seal.from_offset, request.seal.to_offset))

    def _take(self, held: Journalled, pending: list[bytes], records: pb.AppendRecords) -> None:
        expected = held.committed + len(pending)
        if records.first_offset != expected:
            raise InvalidInput.of("records.first_offset", f"is {records.first_offset}, not {expected}")
        pending.extend(records.records)
        self.received_bytes += sum(map(len, records.records))

    def _seal(self, held: Journalled, pending: list[bytes], seal: pb.AppendSeal) -> None:
        if (seal.from_offset, seal.to_offset) != (held.committed, held.committed + len(pending)):
            raise InvalidInput.of("seal", f"{seal} does not fit {held.committed} and {len(pending)} records")
        held.seals.append((seal.from_offset, seal.to_offset))
        held.store.extend(pending)
        pending.clear()
