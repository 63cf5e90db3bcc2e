"""The audit log: records of what was done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.aggregator.ports.searches import Cursor, TextSearch, TimeRange
from services.core.records import AuditRecord


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """Which records; empty parts match all. The text is looked for in the payload."""

    range: TimeRange
    kinds: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    text: TextSearch = field(default_factory=TextSearch)


class AuditLog(Protocol):
    """Reads records from the store. Methods raise Unavailable while it does not answer."""

    async def page(
        self, tenant: str, search: AuditSearch, limit: int, cursor: Cursor | None = None
    ) -> Sequence[AuditRecord]:
        """A tenant's records, the newest first, at most `limit`, all below the cursor."""
        ...
