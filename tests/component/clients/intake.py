"""An intake that keeps what it takes, and fails as it is told to: the contract's server side, in memory."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import lz4.block
import numpy as np

from binnacle.collector.v1 import ingest_service_pb2 as intake
from binnacle.collector.v1.ingest_service_pb2_grpc import IngestServiceServicer, add_IngestServiceServicer_to_server
from binnacle.events.v1.events_pb2 import Event, Heartbeat
from binnacle.logs.v1.logs_pb2 import LogRecord
from binnacle.metrics.v1.metrics_pb2 import SampleColumns, SeriesDefinition
from services.runtime.process import Registration

Context = grpc.aio.ServicerContext[Any, Any]
NAME = "binnacle.collector.v1.IngestService"


class Intake(IngestServiceServicer):
    """`trouble` holds what the next calls (or messages of samples) raise before anything is taken.

    The answers of the next `lost` calls that took something never arrive: their connections break.
    """

    def __init__(self) -> None:
        self.trouble: deque[Exception] = deque()
        self.tokens: list[str] = []
        self.events: list[Event] = []
        self.batches: list[int] = []
        self.logs: list[LogRecord] = []
        self.heartbeats: list[Heartbeat] = []
        self.registered: list[SeriesDefinition] = []
        self.samples: list[tuple[int, int, float]] = []
        self.reject_above = float("inf")
        self.silent = asyncio.Event()
        self.lost = 0
        self.names: list[str] = []
        self.calls = 0

    @property
    def registration(self) -> Registration:
        return Registration(add_IngestServiceServicer_to_server, self, NAME)

    def _meet(self, context: Context) -> None:
        self.tokens += [str(v) for k, v in context.invocation_metadata() or () if k == "authorization"]
        self.calls += 1
        if self.trouble:
            raise self.trouble.popleft()

    def _repeats(self, name: str) -> bool:
        """Whether a request of this name was taken before; one without a name never was."""
        repeats = bool(name) and name in self.names
        self.names.append(name)
        return repeats

    async def _lose(self, context: Context) -> None:
        if self.lost:
            self.lost -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")

    async def RegisterSeries(
        self, request: intake.RegisterSeriesRequest, context: Context
    ) -> intake.RegisterSeriesResponse:
        self.registered += request.series
        return intake.RegisterSeriesResponse(series_ids=[self.id_of(series.name) for series in request.series])

    @staticmethod
    def id_of(name: str) -> int:
        return int.from_bytes(name.encode()[:8], "little")

    async def WriteSamples(
        self, request_iterator: AsyncIterator[intake.WriteSamplesRequest], context: Context
    ) -> AsyncIterator[intake.WriteSamplesResponse]:
        accepted = rejected = 0
        async for request in request_iterator:
            if self.silent.is_set():
                continue
            self._meet(context)
            rows = rows_of(request.samples)
            good = [row for row in rows if row[2] <= self.reject_above]
            if not self._repeats(request.batch_id):
                self.samples += good
            await self._lose(context)
            accepted, rejected = accepted + len(good), rejected + len(rows) - len(good)
            bad = [intake.Rejection(field="samples.values[0]", description="too much")] * (len(rows) > len(good))
            yield intake.WriteSamplesResponse(
                acknowledged_sequence=request.sequence, accepted=accepted, rejected=rejected, rejections=bad
            )

    async def WriteSampleColumns(self, request: Any, context: Context) -> Any:
        raise NotImplementedError

    async def WriteSeries(self, request: intake.WriteSeriesRequest, context: Context) -> intake.WriteSeriesResponse:
        raise NotImplementedError

    async def WriteEvents(self, request: intake.WriteEventsRequest, context: Context) -> intake.WriteEventsResponse:
        self._meet(context)
        if not self._repeats(request.batch_id):
            self.events += request.events
            self.batches.append(len(request.events))
        await self._lose(context)
        return intake.WriteEventsResponse(accepted=len(request.events))

    async def WriteLogs(self, request: intake.WriteLogsRequest, context: Context) -> intake.WriteLogsResponse:
        self._meet(context)
        self.logs += request.logs
        return intake.WriteLogsResponse(accepted=len(request.logs))

    async def WriteHeartbeats(
        self, request: intake.WriteHeartbeatsRequest, context: Context
    ) -> intake.WriteHeartbeatsResponse:
        self._meet(context)
        self.heartbeats += request.heartbeats
        return intake.WriteHeartbeatsResponse(accepted=len(request.heartbeats))


def rows_of(samples: SampleColumns) -> list[tuple[int, int, float]]:
    """The samples of a message, packed or not."""
    columns = (list(samples.series_ids), list(samples.times_unix_ms), list(samples.values))
    if samples.lz4:
        plain = lz4.block.decompress(samples.lz4, uncompressed_size=24 * samples.rows)
        parts = zip(("<u8", "<i8", "<f8"), range(3), strict=True)
        columns = tuple(np.frombuffer(plain, form, samples.rows, 8 * samples.rows * at).tolist() for form, at in parts)
    return list(zip(*columns, strict=True))


def holds(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    """A condition as the awaitable that `eventually` asks."""

    async def ask() -> bool:
        return condition()

    return ask
