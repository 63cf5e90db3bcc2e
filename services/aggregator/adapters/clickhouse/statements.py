"""SQL that is about one tenant by construction: a query without one cannot be built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TenantTable = Literal[
    "series",
    "samples",
    "samples_values",
    "events",
    "logs",
    "heartbeats",
    "signals",
    "histograms",
    "exponential_histograms",
    "summaries",
    "exemplars",
    "spans",
    "intake_warnings",
    "imported_rollups",
    "rollup_minutes",
    "rollup_hours",
    "rollup_days",
]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `{name:Type}` placeholders and their values."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(frozen=True, slots=True)
class TenantQuery:
    """A SELECT over one tenant's rows of one table; conditions are joined by AND.

    `committed` leaves out rows of segments that are not in the ledger (tables with a place only).
    """

    tenant: str
    table: TenantTable
    columns: tuple[str, ...]
    where: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    group_by: str = ""
    having: str = ""
    order_by: str = ""
    limit: int | None = None
    committed: bool = False

    def statement(self) -> Statement:
        """The query as SQL."""
        source = self.table + (_COMMITTED if self.committed else "")
        conditions = ["tenant = {tenant:String}", *(f"({condition})" for condition in self.where)]
        if self.committed:
            conditions.append("offset < committed_offset")
        clauses = [f"SELECT {', '.join(self.columns)} FROM {source} WHERE {' AND '.join(conditions)}"]
        if self.group_by:
            clauses.append(f"GROUP BY {self.group_by}")
        if self.having:
            clauses.append(f"HAVING {self.having}")
        if self.order_by:
            clauses.append(f"ORDER BY {self.order_by}")
        if self.limit is not None:
            clauses.append(f"LIMIT {int(self.limit)}")
        return Statement(" ".join(clauses), {**self.parameters, "tenant": self.tenant})


_COMMITTED = (
    " INNER JOIN (SELECT journal_id, max(to_offset) AS committed_offset FROM ledger GROUP BY journal_id) AS done"
    " USING (journal_id)"
)

# The only questions that are about nobody's rows: who is there, and how far journals are committed.
_WITH_TENANTS = ("series", "events", "logs", "heartbeats", "signals", "spans")
TENANTS = Statement(
    "SELECT DISTINCT tenant FROM ("
    + " UNION DISTINCT ".join(f"SELECT DISTINCT tenant FROM {table}" for table in _WITH_TENANTS)
    + ") ORDER BY tenant"
)
LEDGER = Statement("SELECT journal_id, max(to_offset) FROM ledger GROUP BY journal_id")
