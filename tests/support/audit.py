"""The audit log, its way in and its hot copy, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.aggregator.ports.audit import AuditSearch
from services.aggregator.ports.searches import Cursor
from services.core.errors import Unavailable
from services.core.records import AuditRecord


@dataclass
class MemoryLog:
    """Keeps records in a list; refuses them while it is `away`."""

    records: list[AuditRecord] = field(default_factory=list)
    away: bool = False

    async def record_all(self, records: Sequence[AuditRecord]) -> Sequence[AuditRecord]:
        self._require()
        made = [replace(record, subject="somebody") for record in records]
        self.records += made
        return made

    async def newest(self) -> Sequence[AuditRecord]:
        self._require()
        found: dict[tuple[str, str, str], AuditRecord] = {}
        for one in sorted(self.records, key=lambda record: record.revision):
            found[one.thing] = one
        return [one for one in found.values() if one.revision]

    async def page(
        self, tenant: str, search: AuditSearch, limit: int, cursor: Cursor | None = None
    ) -> Sequence[AuditRecord]:
        return [one for one in self.records if one.tenant == tenant][:limit]

    def _require(self) -> None:
        if self.away:
            raise Unavailable("the log is away")


@dataclass
class MemoryHot:
    """A hot copy in a dict; does not answer while it is `away`."""

    held: dict[tuple[str, str, str], AuditRecord] = field(default_factory=dict)
    whole: bool = False
    away: bool = False
    number: int = 0

    async def is_whole(self) -> bool:
        self._require()
        return self.whole

    async def put(self, records: Sequence[AuditRecord], *, whole: bool = False) -> None:
        self._require()
        for record in records:
            kept = self.held.get(record.thing)
            if kept is None or kept.revision < record.revision:
                self.held[record.thing] = record
        self.whole = self.whole or whole
        self.number += 1

    async def version(self) -> int:
        self._require()
        return self.number

    async def newest(self) -> Sequence[AuditRecord]:
        self._require()
        return list(self.held.values())

    def empty(self) -> None:
        """As a Redis that lost all it had."""
        self.held.clear()
        self.whole = False
        self.number = 0

    def _require(self) -> None:
        if self.away:
            raise Unavailable("the copy is away")
