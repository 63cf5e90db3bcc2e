"""Reads the audit log."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import NewestAudit, TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import NEWEST_FIRST, Conditions
from services.aggregator.adapters.clickhouse.findings.reading import AUDIT_COLUMNS, audit_record
from services.aggregator.adapters.clickhouse.newest.filters import audit_filter
from services.aggregator.adapters.clickhouse.newest.newest_rows import place_before
from services.aggregator.ports.audit import AuditSearch
from services.aggregator.ports.searches import Cursor
from services.core.records import AuditRecord


class ClickHouseAuditLog:
    """See ports/audit.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def page(
        self, tenant: str, search: AuditSearch, limit: int, cursor: Cursor | None = None
    ) -> Sequence[AuditRecord]:
        matches = audit_filter(search)
        if matches is not None:
            before = place_before(search.range.to_us, cursor)
            known = await self._reader.newest_audit.page(tenant, matches, search.range.from_us, before, limit)
            if known is not None:
                return known
        found = Conditions()
        found.within(search.range)
        found.any_of("kind", search.kinds)
        found.any_of("action", search.actions)
        found.any_of("subject", search.subjects)
        found.any_of("id", search.ids)
        found.text("payload", search.text)
        found.beside(cursor)
        query = TenantQuery(
            tenant, "audit", AUDIT_COLUMNS, found.where, found.parameters, order_by=NEWEST_FIRST, limit=limit
        )
        return [audit_record(row) for row in await self._reader.rows(query)]

    async def newest(self) -> Sequence[AuditRecord]:
        return [audit_record(row) for row in await self._reader.rows(NewestAudit(AUDIT_COLUMNS))]
