"""Writes what was done into the audit log, by way of a collector: what it has acknowledged is on disk."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final

import grpc

from binnacle.collector.v1 import record_service_pb2 as pb, record_service_pb2_grpc as pb_grpc
from services.core.aside import aside
from services.core.clock import Clock
from services.core.errors import Unavailable
from services.core.records import AuditRecord
from services.runtime.calls import Call, call_or_none, handling, new_request_id
from services.runtime.record_messages import MICRO, record_message
from services.runtime.statuses import translated_errors

TRIES: Final = 4
PAUSE_SECONDS: Final = 0.25


@dataclass(slots=True)
class Written:
    """How many records were written within a block."""

    records: int = 0


_written: ContextVar[Written | None] = ContextVar("written", default=None)
_method: ContextVar[str] = ContextVar("method", default="")


@contextmanager
def counting(method: str) -> Iterator[Written]:
    """Count what is recorded within the block, which handles a call of `method` (`/package.Service/Method`)."""
    count = Written()
    before, named = _written.set(count), _method.set(method.removeprefix("/"))
    try:
        yield count
    finally:
        _written.reset(before)
        _method.reset(named)


class Recorder:
    """Writes records through the collector behind a channel; without one it refuses."""

    def __init__(self, channel: grpc.aio.Channel | None, clock: Clock) -> None:
        self._stub = None if channel is None else pb_grpc.RecordServiceStub(channel)
        self._clock = clock

    async def record(self, record: AuditRecord) -> AuditRecord:
        """Write one record; see `record_all`."""
        [made] = await self.record_all([record])
        return made

    async def record_all(self, records: Sequence[AuditRecord]) -> Sequence[AuditRecord]:
        """Write records of one tenant, all or none.

        They are durable when this returns them, with who asked for them, by which call, and when. Raises Unavailable or
        Overloaded while nothing can be written.
        """
        if self._stub is None:
            raise Unavailable("nothing can be recorded: BINNACLE_COLLECTOR names no collector")
        tenant = records[0].tenant
        call = call_or_none() or Call(tenant, new_request_id())
        now_us = int(self._clock.now() * MICRO)

        def told(some: Sequence[AuditRecord]) -> tuple[list[AuditRecord], pb.WriteRecordsRequest]:
            made = [_told(record, call, now_us) for record in some]
            return made, pb.WriteRecordsRequest(records=map(record_message, made), batch_id=secrets.token_hex(16))

        made, request = await aside(told, records)
        with handling(replace(call, tenant=tenant)):
            await self._write(self._stub, request)
        if (count := _written.get()) is not None:
            count.records += len(made)
        return made

    async def _write(self, stub: "pb_grpc.RecordServiceAsyncStub", request: pb.WriteRecordsRequest) -> None:
        """Write, and repeat what may have got lost: of one name it counts once."""
        for left in reversed(range(TRIES)):
            try:
                with translated_errors("collector"):
                    await stub.WriteRecords(request)
            except Unavailable:
                if not left:
                    raise
                await self._clock.sleep(PAUSE_SECONDS)
            else:
                return


def _told(record: AuditRecord, call: Call, now_us: int) -> AuditRecord:
    """A record with what it does not say itself."""
    return replace(
        record,
        time_us=record.time_us or now_us,
        subject=record.subject or call.subject,
        roles=record.roles or call.roles,
        key=record.key or call.key,
        method=record.method or _method.get(),
        request_id=record.request_id or call.request_id,
    )
