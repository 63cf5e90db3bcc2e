"""An aggregator as its peers see it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from binnacle.aggregator.v1 import (
    append_service_pb2,
    append_service_pb2_grpc,
    error_service_pb2_grpc,
    event_service_pb2_grpc,
    intake_warning_service_pb2_grpc,
    log_service_pb2_grpc,
    overview_service_pb2_grpc,
    query_service_pb2_grpc,
    trace_service_pb2_grpc,
)
from binnacle.journal.v1 import journal_pb2
from services.runtime.calls import TENANT_KEY
from tests.support.journals import JOURNAL
from tests.support.waiting import eventually

Request = append_service_pb2.AppendRequest


class Journal:
    """A collector's end of one journal."""

    def __init__(self, call: Any, journal_id: str) -> None:
        self._call = call
        self._journal_id = journal_id

    async def hello(self) -> int:
        """Open; gives the committed offset."""
        await self._call.write(Request(hello=append_service_pb2.AppendHello(journal_id=self._journal_id)))
        return await self.answer()

    async def send(self, first_offset: int, *records: journal_pb2.Record) -> None:
        """Records without a seal."""
        bodies = [record.SerializeToString() for record in records]
        message = append_service_pb2.AppendRecords(first_offset=first_offset, records=bodies)
        await self._call.write(Request(records=message))

    async def seal(self, from_offset: int, to_offset: int) -> None:
        """The end of a segment."""
        await self._call.write(
            Request(seal=append_service_pb2.AppendSeal(from_offset=from_offset, to_offset=to_offset))
        )

    async def answer(self) -> int:
        """The next committed offset. Raises what ended the stream."""
        response = await self._call.read()
        assert response is not grpc.aio.EOF
        return int(response.committed_offset)

    async def commit(self, first_offset: int, *records: journal_pb2.Record) -> None:
        """Records as one segment, committed."""
        await self.send(first_offset, *records)
        await self.seal(first_offset, first_offset + len(records))
        assert await self.answer() == first_offset + len(records)


class Aggregator:
    """Stubs of one aggregator."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.overview: Any = overview_service_pb2_grpc.OverviewServiceStub(channel)
        self.query: Any = query_service_pb2_grpc.QueryServiceStub(channel)
        self.warnings: Any = intake_warning_service_pb2_grpc.IntakeWarningServiceStub(channel)
        self.events: Any = event_service_pb2_grpc.EventServiceStub(channel)
        self.logs: Any = log_service_pb2_grpc.LogServiceStub(channel)
        self.errors: Any = error_service_pb2_grpc.ErrorServiceStub(channel)
        self.traces: Any = trace_service_pb2_grpc.TraceServiceStub(channel)
        self._append: Any = append_service_pb2_grpc.AppendServiceStub(channel)
        self._health: Any = health_pb2_grpc.HealthStub(channel)

    async def until_ready(self) -> None:
        """Return once health says ready."""

        async def ready() -> bool:
            answer = await self._health.Check(health_pb2.HealthCheckRequest())
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

        await eventually(ready, "the aggregator is ready", within=60)

    @asynccontextmanager
    async def journal(self, journal_id: str = JOURNAL) -> AsyncIterator[Journal]:
        """A stream of a journal, given up at the end of the block."""
        call = self._append.Append()
        try:
            yield Journal(call, journal_id)
        finally:
            call.cancel()

    async def store(self, *records: journal_pb2.Record) -> None:
        """Records as the first segment of the journal, committed."""
        async with self.journal() as journal:
            assert await journal.hello() == 0
            await journal.commit(0, *records)


def as_tenant(tenant: str) -> Sequence[tuple[str, str]]:
    """Metadata of a call for a tenant, as the edge sets it."""
    return ((TENANT_KEY, tenant),)
