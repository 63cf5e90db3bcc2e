"""What the collector's domain needs from the outside, in its own words."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Segment:
    """The records [from_offset, to_offset) of a journal. Once stored, its bounds never change."""

    from_offset: int
    to_offset: int


@dataclass(frozen=True, slots=True)
class NewSeries:
    """Identities of one tenant's series that a record names; kept with it, so that they are known after a restart."""

    tenant: str
    ids: tuple[int, ...]


class Journal(Protocol):
    """An ordered, durable list of records at consecutive offsets from 0.

    Nothing that `append` or `seal` has answered is lost by a crash of the process or the machine. Records leave it
    from the front only, by `trim`. All methods belong to one event loop.
    """

    @property
    def journal_id(self) -> str:
        """Identity: 16 hexadecimal digits, made with the journal; changes by `rotate` only."""
        ...

    @property
    def first_offset(self) -> int:
        """Offset of the oldest record held; `next_offset` when none is."""
        ...

    @property
    def next_offset(self) -> int:
        """Offset that the next record will get; every offset below it is durable."""
        ...

    @property
    def size_bytes(self) -> int:
        """Disk space taken by the records held."""
        ...

    def append(self, record: bytes, series: NewSeries | None = None) -> asyncio.Future[int]:
        """Write a record; the future gives its offset when it is on disk. Records keep the order of the calls.

        Raises Overloaded, at once or from the future, when the journal or its disk is full, and Unavailable from the
        future when the disk fails; the record is then not in the journal.
        """
        ...

    async def read(self, offset: int, max_records: int, max_bytes: int) -> Sequence[bytes]:
        """Records from `offset` on: at least one if there is one, then as many as fit both limits."""
        ...

    async def seal(self, segment: Segment) -> None:
        """Store a segment's bounds before anybody hears of them. Raises as `append`."""
        ...

    async def segments(self) -> Sequence[Segment]:
        """The segments stored and not trimmed, in order."""
        ...

    def trim(self, committed_offset: int) -> None:
        """Forget every record below an offset, with the next write at the latest."""
        ...

    async def rotate(self) -> None:
        """Give the journal a new identity, in which its oldest record has offset 0."""
        ...

    async def series(self) -> Iterable[NewSeries]:
        """All series ever named by a record."""
        ...

    def on_change(self, wake: Callable[[], None]) -> None:
        """Call `wake` after records were added."""
        ...


class SeriesList(Protocol):
    """Identities of all series that any worker of this collector was given. Nothing ever leaves it."""

    def news(self) -> Sequence[NewSeries]:
        """What was added since the last call, by whichever worker; the first time, all there is."""
        ...

    async def add(self, series: NewSeries) -> None:
        """Add series. They are durable, and known to every worker that asks, when this returns. Raises Overloaded."""
        ...


class Meter(Protocol):
    """Counts what was taken in."""

    def refused(self, kind: str, reason: str, count: int) -> None:
        """Count what was not taken, by the word for why; whole requests that were not decoded count as one."""
        ...

    def taken(self, kind: str, accepted: int, rejected: int) -> None:
        """Count the points of one request; `kind` is samples, events, logs or heartbeats."""
        ...

    def redacted(self, kind: str, count: int) -> None:
        """Count values that were replaced, because they were named like secrets."""
        ...

    def repeated(self) -> None:
        """Count a request that was answered from memory, because its sender had named it and sent it before."""
        ...
