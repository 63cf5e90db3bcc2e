"""SQL that is about one tenant by construction: a query without one cannot be built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
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
    "rollup_marks",
    "usage",
    "audit",
]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `{name:Type}` placeholders and their values; `settings` such as `max_threads = 1`."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    settings: str = ""


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(frozen=True, slots=True)
class Join:
    """Another question of the same tenant beside a query's rows: `kind` such as `LEFT`, `using` its common columns."""

    kind: Literal["INNER", "LEFT", "ANY LEFT", "LEFT ASOF", "SEMI LEFT", "ANTI LEFT"]
    query: "TenantQuery"
    using: str
    alias: str = "joined"


@dataclass(frozen=True, slots=True)
class Union:
    """The rows of several questions of one tenant, at least one; their columns have the same names and order."""

    queries: tuple["TenantQuery", ...]


@dataclass(frozen=True, slots=True)
class TenantQuery:
    """A SELECT over one tenant's rows of a table, or over the answers of other such queries; conditions go by AND.

    `parameters` are shared by all parts: those of a query within are given by it. `committed` leaves out rows of
    segments that are not in the ledger (tables with a place only), `final` rows of a table that others replaced.
    `keyed` says that all conditions are about the key of a table: the engine need not find out what to read first.
    Raises ValueError where a part is about another tenant.
    """

    tenant: str
    table: "TenantTable | TenantQuery | Union"
    columns: tuple[str, ...]
    where: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    group_by: str = ""
    having: str = ""
    order_by: str = ""
    limit: int | None = None
    committed: bool = False
    final: bool = False
    keyed: bool = False
    joins: tuple[Join, ...] = ()
    limit_by: str = ""

    def __post_init__(self) -> None:
        parts = [join.query for join in self.joins]
        parts += self._within()
        if any(part.tenant != self.tenant for part in parts):
            raise ValueError("every part of a query must be about the same tenant")

    def statement(self) -> Statement:
        """The query as SQL."""
        parameters: dict[str, Any] = {}
        source = self._source(parameters)
        conditions = [] if self._within() else ["tenant = {tenant:String}"]
        conditions += [f"({condition})" for condition in self.where]
        if self.committed:
            conditions.append("offset < committed_offset")
        clauses = [f"SELECT {', '.join(self.columns)} FROM {source}"]
        where = "PREWHERE" if self.keyed else "WHERE"
        clauses += [f"{where} {' AND '.join(conditions)}"] if conditions else []
        for word, clause in (("GROUP BY", self.group_by), ("HAVING", self.having), ("ORDER BY", self.order_by)):
            clauses += [f"{word} {clause}"] if clause else []
        clauses += [f"LIMIT {self.limit_by}"] if self.limit_by else []
        clauses += [f"LIMIT {int(self.limit)}"] if self.limit is not None else []
        return Statement(" ".join(clauses), {**parameters, **self.parameters, "tenant": self.tenant})

    def _within(self) -> list["TenantQuery"]:
        if isinstance(self.table, Union):
            return list(self.table.queries)
        return [self.table] if isinstance(self.table, TenantQuery) else []

    def _source(self, parameters: dict[str, Any]) -> str:
        """What the rows come from; adds the parameters of the queries within."""
        if isinstance(self.table, TenantQuery | Union):
            parts = [_nested(part, parameters) for part in self._within()]
            source = parts[0] if len(parts) == 1 else f"({' UNION ALL '.join(parts)})"
            source += " AS source" if self.joins else ""
        else:
            source = self.table + (" FINAL" if self.final else "") + (_COMMITTED if self.committed else "")
        for join in self.joins:
            source += f" {join.kind} JOIN {_nested(join.query, parameters)} AS {join.alias} USING ({join.using})"
        return source


def _nested(query: TenantQuery, parameters: dict[str, Any]) -> str:
    statement = query.statement()
    parameters.update(statement.parameters)
    return f"({statement.sql})"


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


class AboutEngine(Enum):
    """The only questions about the engine itself; they tell of everybody's data together, and of nobody's rows.

    Of a cluster they tell what the node has that is asked.
    """

    TABLES = (
        "SELECT replaceRegexpOne(table, '_local$', '') AS name, sum(rows), sum(bytes_on_disk), count()"
        " FROM system.parts WHERE active AND database = currentDatabase() GROUP BY name"
    )
    MERGES = "SELECT count() FROM system.merges WHERE database = currentDatabase()"
    FREE_BYTES = "SELECT min(free_space) FROM system.disks"

    def statement(self) -> Statement:
        """The question as SQL."""
        return Statement(self.value)


@dataclass(frozen=True, slots=True)
class HasNeighbours:
    """Whether anybody but a tenant has stored anything: one row, of 0 or 1."""

    tenant: str

    def statement(self) -> Statement:
        """The question as SQL."""
        anybody = " OR ".join(
            f"(SELECT count() FROM (SELECT 1 FROM {table} WHERE tenant != {{tenant:String}} LIMIT 1)) > 0"
            for table in _WITH_TENANTS
        )
        return Statement(f"SELECT {anybody}", {"tenant": self.tenant})


@dataclass(frozen=True, slots=True)
class NewestAudit:
    """How everything of every tenant is configured: the newest record of each thing, as these columns."""

    columns: tuple[str, ...]

    def statement(self) -> Statement:
        """The question as SQL."""
        thing = "kind, tenant, id"
        return Statement(
            f"SELECT {', '.join(self.columns)} FROM audit WHERE revision > 0"
            f" ORDER BY {thing}, revision DESC LIMIT 1 BY {thing}"
        )


Question = TenantQuery | AboutEngine | HasNeighbours | NewestAudit
