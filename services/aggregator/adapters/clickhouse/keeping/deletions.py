"""Deletions in ClickHouse: mutations that write parts anew without the rows, and a look at what is left.

Every table with a column `tenant` takes part, whichever step of the schema made it: nothing is left out because nobody
thought of it here. A person is found by digest, so that no name is written anywhere by its own deletion.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.engines import Engine
from services.aggregator.adapters.clickhouse.engine.statements import Statement, quoted
from services.aggregator.adapters.clickhouse.engine.until_changed import UntilChanged
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.ports.deletions import NAMING_ATTRIBUTES, Deletion, DeletionState

# What was decided or done, not what was measured: it stays.
_KEPT = ("audit", "deletions", "retention", "usage")
_COLUMNS = Statement(
    "SELECT table, groupArray(name) FROM system.columns WHERE database = currentDatabase() AND table IN"
    " (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')"
    " GROUP BY table HAVING has(groupArray(name), 'tenant') ORDER BY table"
)
_FIELDS = (
    "id, tenant, scope, digest, toUnixTimestamp64Micro(requested), state, toUnixTimestamp64Micro(done), deleted,"
    " remaining, toUnixTimestamp64Micro(verified)"
)
_OBJECTS = ("data", "attributes")


class ClickHouseDeletions:
    """See ports/deletions.py."""

    def __init__(self, store: ClickHouseStore) -> None:
        self._store = store
        self._parts: dict[str, set[tuple[str, str]]] = {}
        self._known: UntilChanged[tuple[Any, ...], Sequence[Deletion]] = UntilChanged(lambda: store.shared)

    async def save(self, deletion: Deletion) -> None:
        await self._store.ask(lambda engine: self._save(engine, deletion))

    def _save(self, engine: Engine, deletion: Deletion) -> None:
        with self._known.changing():
            engine.execute(_saved(deletion))

    async def of_tenant(self, tenant: str, limit: int) -> Sequence[Deletion]:
        where = "tenant = {tenant:String} ORDER BY requested DESC, id LIMIT {limit:UInt32}"
        return await self._read(where, {"tenant": tenant, "limit": limit})

    async def unclosed(self) -> Sequence[Deletion]:
        return await self._read(f"state < {int(DeletionState.CLOSED)}", {})

    async def _read(self, where: str, parameters: dict[str, Any]) -> Sequence[Deletion]:
        # Asked for each second.
        return await self._known.of((where, *parameters.values()), lambda: self._asked(where, parameters))

    async def _asked(self, where: str, parameters: dict[str, Any]) -> list[Deletion]:
        statement = Statement(f"SELECT {_FIELDS} FROM deletions FINAL WHERE {where}", parameters)
        rows = await self._store.ask(lambda engine: engine.query(statement))
        return [Deletion(*[*row[:5], DeletionState(row[5]), *row[6:]]) for row in rows]

    async def erase(self, deletion: Deletion) -> int:
        erased: int | None = None
        try:
            erased = await self._store.ask(lambda engine: self._erase(engine, deletion))
        finally:
            # Once more: what came meanwhile may be deleted, too. So may be what was begun before, or is cut short now.
            if erased != 0 or deletion.is_begun:
                self._store.forget(deletion.tenant)
                self._store.reader.slices.forget(deletion.tenant)
        return erased

    def _erase(self, engine: Engine, deletion: Deletion) -> int:
        erased = 0
        if not deletion.is_begun:
            # So no parts of before a start can matter.
            self._parts.setdefault(deletion.id, set())
        for table, condition in _conditions(engine, deletion):
            count = _count(engine, table, condition)
            if count:
                self._store.forget(deletion.tenant)
                before = _parts(engine, table)
                engine.execute(f"ALTER TABLE {table} DELETE WHERE {condition} SETTINGS mutations_sync = 2")
                if (parts := self._parts.get(deletion.id)) is not None:
                    parts.update((table, name) for name in before)
            erased += count
        return erased

    async def late(self, deletion: Deletion) -> int:
        return await self._store.ask(
            lambda engine: sum(
                _count(engine, table, condition)
                for table, condition in _conditions(engine, deletion)
                if "accepted" in condition
            )
        )

    async def leftovers(self, deletion: Deletion) -> int:
        return await self._store.ask(lambda engine: self._leftovers(engine, deletion))

    def _leftovers(self, engine: Engine, deletion: Deletion) -> int:
        """After a start nothing is known of former parts: all that are in use no more may be such."""
        known = self._parts.get(deletion.id)
        rows = engine.query(
            Statement("SELECT table, name, rows FROM system.parts WHERE database = currentDatabase() AND NOT active")
        )
        tables = {table for table, _condition in _conditions(engine, deletion)}
        return sum(
            count for table, name, count in rows if ((table, name) in known if known is not None else table in tables)
        )


def _saved(deletion: Deletion) -> str:
    texts = (deletion.tenant, deletion.id, deletion.scope, deletion.digest)
    times = {
        name: f"fromUnixTimestamp64Micro(toInt64({int(micros)}))"
        for name, micros in (
            ("requested", deletion.requested_us),
            ("done", deletion.done_us),
            ("verified", deletion.verified_us),
        )
    }
    # A later word is of a later look, and a higher state.
    revision = deletion.verified_us * 4 + int(deletion.state)
    return (
        "INSERT INTO deletions"
        " (tenant, id, scope, digest, requested, state, done, deleted, remaining, verified, revision)"
        f" SELECT {', '.join(quoted(text) for text in texts)}, {times['requested']}, {int(deletion.state)},"
        f" {times['done']}, {int(deletion.deleted)}, {int(deletion.remaining)}, {times['verified']}, {int(revision)}"
    )


def _conditions(engine: Engine, deletion: Deletion) -> Iterable[tuple[str, str]]:
    """The tables that may hold rows, and which those are."""
    for table, columns in engine.query(_COLUMNS):
        if table in _KEPT:
            continue
        whose = [f"tenant = {quoted(deletion.tenant)}"]
        if "accepted" in columns:
            whose.append(f"accepted <= fromUnixTimestamp64Micro(toInt64({int(deletion.requested_us)}))")
        if deletion.scope == "user":
            naming = list(_naming(deletion, columns))
            if not naming:
                continue
            whose.append(f"({' OR '.join(naming)})")
        yield table, " AND ".join(whose)


def _naming(deletion: Deletion, columns: Sequence[str]) -> Iterable[str]:
    """Conditions under which a row names a person, of which any suffices."""
    digest = f"unhex({quoted(deletion.digest)})"

    def hashed(text: str) -> str:
        return f"SHA256(concat({quoted(deletion.id)}, {text}))"

    if "user_id" in columns:
        yield f"{hashed('user_id')} = {digest}"
    for column in _OBJECTS:
        if column in columns:
            values = []
            for name in NAMING_ATTRIBUTES:
                where = f"{column}, {quoted(name)}"
                text = f"if(JSONType({where}) = 'String', JSONExtractString({where}), JSONExtractRaw({where}))"
                values.append(hashed(text))
            yield f"(position({column}, 'user') > 0 AND has([{', '.join(values)}], {digest}))"


def _count(engine: Engine, table: str, condition: str) -> int:
    # Nobody waits for it: it reads everything, and leaves a core to who asks.
    [[count]] = engine.query(Statement(f"SELECT count() FROM {table} WHERE {condition}", settings="max_threads = 1"))
    return int(count)


def _parts(engine: Engine, table: str) -> list[str]:
    parameters = {"table": table}
    sql = "SELECT name FROM system.parts WHERE database = currentDatabase() AND table = {table:String}"
    return [name for [name] in engine.query(Statement(sql, parameters))]
