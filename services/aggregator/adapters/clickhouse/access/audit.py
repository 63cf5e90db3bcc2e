"""Reads the audit log."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import NewestAudit, TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import NEWEST_FIRST, Conditions
from services.aggregator.ports.audit import AuditSearch
from services.aggregator.ports.searches import Cursor
from services.core.records import AuditRecord

_COLUMNS = (
    "toUnixTimestamp64Micro(time)",
    "tenant",
    "kind",
    "id",
    "revision",
    "action",
    "subject",
    "roles",
    "key",
    "method",
    "request_id",
    "payload",
    "journal_id",
    "offset",
    "row",
)


class ClickHouseAuditLog:
    """See ports/audit.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def page(
        self, tenant: str, search: AuditSearch, limit: int, cursor: Cursor | None = None
    ) -> Sequence[AuditRecord]:
        found = Conditions()
        found.within(search.range)
        found.any_of("kind", search.kinds)
        found.any_of("action", search.actions)
        found.any_of("subject", search.subjects)
        found.any_of("id", search.ids)
        found.text("payload", search.text)
        found.beside(cursor)
        query = TenantQuery(
            tenant, "audit", _COLUMNS, found.where, found.parameters, order_by=NEWEST_FIRST, limit=limit
        )
        return [_record(row) for row in await self._reader.rows(query)]

    async def newest(self) -> Sequence[AuditRecord]:
        return [_record(row) for row in await self._reader.rows(NewestAudit(_COLUMNS))]


def _record(row: Row) -> AuditRecord:
    time_us, tenant, kind, identity, revision, action, subject, roles, *rest = row
    key, method, request_id, payload, journal_id, offset, number = rest
    held = tuple(role for role in roles.split(",") if role)
    place = (journal_id, offset, number)
    return AuditRecord(
        time_us, tenant, kind, identity, revision, action, subject, held, key, method, request_id, payload, place
    )
