"""Chunks to a suite: one at a time, no faster than asked, again and again until it is answered."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import grpc

from binnacle.collector.v1 import import_service_pb2 as pb
from binnacle.collector.v1.import_service_pb2_grpc import ImportServiceStub
from binnacle_client import errors
from binnacle_client.calls import open_channel
from services.core.clock import Clock
from services.launcher.failures import LauncherError
from services.launcher.importing.chunks import Chunk

CALL_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.2
LAST_PAUSE_SECONDS = 10.0
# A suite that is busy for a moment is no news.
SILENT_SECONDS = 2.0
TOLD = 10

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Refusals:
    """Points of a chunk that were refused: how many, and of the first of them line and reason."""

    count: int = 0
    first: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Pace:
    """Points a second at most, and for how many seconds a suite that does not take any is asked again."""

    rate: float
    patience: float


class Sender:
    """Sends chunks to one suite; `tell` is told once that it takes nothing at the moment."""

    def __init__(
        self, channel: grpc.aio.Channel, token: str | None, pace: Pace, clock: Clock, tell: Callable[[str], None]
    ) -> None:
        self._stub = ImportServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._pace = pace
        self._clock = clock
        self._tell = tell
        self._due = 0.0

    async def bounds(self) -> pb.GetImportBoundsResponse:
        """How old points may be. Raises LauncherError when nobody answers."""
        return await self._persistently(
            lambda: self._stub.GetImportBounds(
                pb.GetImportBoundsRequest(), timeout=CALL_SECONDS, metadata=self._metadata
            )
        )

    async def send(self, chunk: Chunk) -> Refusals:
        """Send a chunk, and return when it is kept. Raises LauncherError when it cannot be."""
        await self._wait_for_turn(chunk.points)
        name = chunk.digest().hex()
        refused, told = 0, list[str]()
        for count, rejections, line_of in (await self._series(chunk, name), await self._events(chunk, name)):
            refused += count
            told += [f"line {line_of(field):,}: {reason}" for field, reason in rejections]
        return Refusals(refused, told[:TOLD])

    async def _series(self, chunk: Chunk, name: str) -> "_Outcome":
        if not chunk.series:
            return 0, [], lambda _field: 0
        request = pb.ImportSeriesRequest(batch_id=f"{name}-s", series=chunk.series)
        samples = sum(map(len, chunk.lines))
        count, told = await self._judged(
            samples,
            lambda: self._stub.ImportSeries(request, timeout=CALL_SECONDS, metadata=self._metadata),
        )
        return count, told, lambda field: _sample_line(chunk, field)

    async def _events(self, chunk: Chunk, name: str) -> "_Outcome":
        if not chunk.events:
            return 0, [], lambda _field: 0
        request = pb.ImportEventsRequest(batch_id=f"{name}-e", events=chunk.events)
        count, told = await self._judged(
            len(chunk.events),
            lambda: self._stub.ImportEvents(request, timeout=CALL_SECONDS, metadata=self._metadata),
        )
        return count, told, lambda field: _number_in(field, "events[", chunk.event_lines)

    async def _judged(
        self, points: int, call: "Callable[[], Awaitable[pb.ImportSeriesResponse | pb.ImportEventsResponse]]"
    ) -> "tuple[int, list[tuple[str, str]]]":
        """Points refused, and the first of them; a request of which nothing was kept is no failure of the import."""
        try:
            answer = await self._persistently(call)
        except errors.InvalidInput as refusal:
            return points, [(fault.field, fault.description) for fault in refusal.violations]
        return answer.rejected, [(fault.field, fault.description) for fault in answer.rejections]

    async def _wait_for_turn(self, points: int) -> None:
        now = self._clock.monotonic()
        if self._due > now:
            await self._clock.sleep(self._due - now)
        self._due = max(self._due, now) + points / self._pace.rate

    async def _persistently(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeat a call until it is answered: the name of a chunk sees to it that it is kept once."""
        began, pause, told = self._clock.monotonic(), FIRST_PAUSE_SECONDS, False
        while True:
            try:
                return await call()
            except grpc.aio.AioRpcError as failure:
                error = errors.error_from(failure)
            if isinstance(error, errors.InvalidInput):
                raise error
            if not isinstance(error, errors.Overloaded | errors.Unavailable | errors.DeadlineExceeded):
                raise LauncherError(f"The suite refuses the import: {error}.") from error
            pause = min(pause * 2, LAST_PAUSE_SECONDS)
            wait = max(pause, getattr(error, "retry_after", 0.0))
            waited = self._clock.monotonic() - began
            if waited + wait > self._pace.patience:
                raise LauncherError(
                    f"The suite takes nothing ({error}). Does it run there (--target)? "
                    "The same command goes on from here."
                ) from error
            if waited > SILENT_SECONDS and not told:
                self._tell(f"The suite takes nothing ({error}); it is asked again for {self._pace.patience:g} s.")
                told = True
            await self._clock.sleep(wait)


_Outcome = tuple[int, list[tuple[str, str]], Callable[[str], int]]
"""Points refused, field and reason of the first of them, and what tells the line of a field."""


def _sample_line(chunk: Chunk, field: str) -> int:
    """The line of `series[3].values[5]`, or the first one of `series[3]`."""
    head, _, tail = field.partition("].")
    number = _digits(head.removeprefix("series["))
    if number is None or number >= len(chunk.lines):
        return 0
    place = _digits(tail.partition("[")[2].partition("]")[0])
    lines = chunk.lines[number]
    return lines[place] if place is not None and place < len(lines) else lines[0]


def _number_in(field: str, prefix: str, lines: Sequence[int]) -> int:
    number = _digits(field.removeprefix(prefix).partition("]")[0])
    return lines[number] if number is not None and number < len(lines) else 0


def _digits(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


@asynccontextmanager
async def sending(
    target: str, token: str | None, pace: Pace, clock: Clock, tell: Callable[[str], None]
) -> AsyncIterator[Sender]:
    """A sender to the edge at `target`."""
    async with open_channel(target, None) as channel:
        yield Sender(channel, token, pace, clock, tell)
