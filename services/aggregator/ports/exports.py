"""Stored data as tables, page by page."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from services.aggregator.ports.searches import EventSearch, LogSearch, SpanSearch, TimeRange
from services.core.matching import Matcher

ExportFormat = Literal["csv", "json", "ndjson", "parquet", "arrow"]
Bucket = Literal["minutes", "hours", "days"]


@dataclass(frozen=True, slots=True)
class HeartbeatSearch:
    """Which signs of life; all services when none is named."""

    range: TimeRange
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleSearch:
    """Which samples: those of series that match."""

    range: TimeRange
    matchers: tuple[Matcher, ...] = ()


@dataclass(frozen=True, slots=True)
class SumSearch:
    """Which sums of samples: those of series that match, whose bucket begins within the range."""

    range: TimeRange
    bucket: Bucket
    matchers: tuple[Matcher, ...] = ()


ExportSearch = EventSearch | LogSearch | SpanSearch | HeartbeatSearch | SampleSearch | SumSearch


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a file, with the rows that became whole by them."""

    data: bytes
    rows: int


class Export(Protocol):
    """A file being made; nothing is read before `pieces` is asked."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of the columns."""
        ...

    @property
    def estimated_rows(self) -> int:
        """Rows it will have, or a few less."""
        ...

    def pieces(self) -> AsyncIterator[Piece]:
        """The file from its start to its end, once. Raises what a Reader raises."""
        ...


class ExportStore(Protocol):
    """Opens exports."""

    async def open(self, tenant: str, search: ExportSearch, form: ExportFormat, *, end_line: bool = False) -> Export:
        """A file of all rows that match and are committed by now. Raises what a Reader raises."""
        ...
