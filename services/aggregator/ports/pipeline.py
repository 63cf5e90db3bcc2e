"""The state of the store and of what waits for it, as far as a tenant may know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TableState:
    """One table: the tenant's rows; bytes on disk and parts None for a tenant that is not alone in the store."""

    table: str
    rows: int
    bytes: int | None = None
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class StoreState:
    """What is stored; figures of the engine None for a tenant that is not alone."""

    tables: Sequence[TableState]
    alone: bool
    running_merges: int | None = None
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Points refused of one kind for one reason."""

    kind: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class OutdatedRollups:
    """Buckets of one length that are out of date, and the start of the oldest."""

    seconds: int
    buckets: int
    oldest: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a connected journal brought that is not stored yet: requests and their bytes, of all tenants."""

    journal_id: str
    requests: int
    bytes: int


class PipelineStore(Protocol):
    """Raises what Reader raises."""

    async def state(self, tenant: str) -> StoreState:
        """What is stored."""
        ...

    async def refused(self, tenant: str, from_us: int, to_us: int, most: int) -> Sequence[RefusedRow]:
        """What was refused within `[from_us, to_us)`, microseconds since the Unix epoch, most first."""
        ...

    async def outdated(self, tenant: str) -> Sequence[OutdatedRollups]:
        """Roll-ups that are out of date, by length."""
        ...


class Journals(Protocol):
    """The journals that are connected to this aggregator."""

    def waiting(self) -> Sequence[Waiting]:
        """What each has brought that is not stored yet."""
        ...
