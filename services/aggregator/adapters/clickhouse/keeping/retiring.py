"""One round of deletion: what is older than its tenant keeps it goes, archived before where that is asked for.

The steps of an archive: files, each on disk and then in its place; a row that says so, with how many rows there are;
deletion; a row that says so. Killed anywhere, the next round goes on: files of the same sequence are written again as
long as they are not noted; what is noted and still there is deleted. Rows of a tenant that come to a partition after it
was deleted get a sequence, and files, of their own. The row of `archives` is the list of what holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import numpy as np

from services.aggregator.adapters.clickhouse.engine import native
from services.aggregator.adapters.clickhouse.engine.engines import Engine
from services.aggregator.adapters.clickhouse.engine.statements import Statement, quoted
from services.aggregator.adapters.clickhouse.keeping.shelves import SHELVES, Shelf, span
from services.aggregator.adapters.parquet_files import ParquetFiles
from services.aggregator.domain.keeping.retention import DEFAULTS
from services.aggregator.ports.retention import Policies, Policy
from services.runtime.logs import Log

DAY = 86_400
# Rows of a file, as far as they are not all of one hour.
ROWS_AT_ONCE = 1_000_000
NOTED, GONE = 1, 2
_THERE = (
    "SELECT _partition_id, tenant, count() FROM {table} WHERE {time} < toDateTime({{before:UInt32}}, 'UTC')"
    " AND startsWith(_partition_id, {{prefix:String}}) GROUP BY _partition_id, tenant ORDER BY _partition_id, tenant"
)
_HOURS = (
    "SELECT toUnixTimestamp(toStartOfHour({time}, 'UTC')) AS hour, count() FROM {table} WHERE"
    " _partition_id = {{partition:String}} AND tenant = {{tenant:String}} GROUP BY hour ORDER BY hour"
)
_ROWS = (
    "SELECT * FROM {table} WHERE _partition_id = {{partition:String}} AND tenant = {{tenant:String}}"
    " AND {time} >= toDateTime({{first:UInt32}}, 'UTC') AND {time} < toDateTime({{end:UInt32}}, 'UTC') ORDER BY {order}"
)
_NEWEST = (
    "SELECT sequence, state, files, row_count, bytes FROM archives FINAL WHERE tenant = {tenant:String}"
    " AND source = {source:String} AND partition = {partition:String} ORDER BY sequence DESC LIMIT 1"
)
_UNFINISHED = "SELECT tenant, partition FROM archives FINAL WHERE source = {source:String} AND state = 1"


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is noted of a tenant's part of a partition."""

    sequence: int = 0
    state: int = GONE
    files: int = 0
    rows: int = 0
    bytes: int = 0


class Retiring:
    """A round. Raises EngineFault and OSError; what was done until then stays done."""

    def __init__(
        self, engine: Engine, files: ParquetFiles, policies: Mapping[str, Policies], today: date, log: Log
    ) -> None:
        self._engine = engine
        self._files = files
        self._policies = policies
        self._today = today
        self._log = log

    def run(self) -> None:
        """All tables."""
        for shelf in SHELVES:
            there = self._there(shelf)
            for partition, tenants in there.items():
                self._retire(shelf, partition, tenants)
            self._finish(shelf, there)

    def _policy(self, tenant: str, shelf: Shelf) -> Policy:
        return self._policies.get(tenant, {}).get(shelf.kind, DEFAULTS[shelf.kind])

    def _kept_from(self, policy: Policy, shelf: Shelf) -> date:
        """The first day that is kept."""
        return self._today - timedelta(days=policy.days + shelf.margin) if policy.days else date.min

    def _there(self, shelf: Shelf) -> dict[str, dict[str, int]]:
        """Rows by tenant of partitions that are old for anybody."""
        all_policies = [DEFAULTS[shelf.kind], *(self._policy(tenant, shelf) for tenant in self._policies)]
        newest = max(self._kept_from(policy, shelf) for policy in all_policies)
        if newest == date.min:
            return {}
        before = int(datetime(newest.year, newest.month, newest.day, tzinfo=UTC).timestamp())
        question = _THERE.format(table=shelf.table, time=shelf.time)
        found: dict[str, dict[str, int]] = {}
        for partition, tenant, rows in self._engine.query(
            Statement(question, {"before": before, "prefix": shelf.prefix})
        ):
            if span(partition)[1] <= newest:
                found.setdefault(partition, {})[tenant] = int(rows)
        return found

    def _retire(self, shelf: Shelf, partition: str, tenants: Mapping[str, int]) -> None:
        due = [one for one in tenants if span(partition)[1] <= self._kept_from(self._policy(one, shelf), shelf)]
        entries = {}
        for tenant in due:
            if self._policy(tenant, shelf).archive and not shelf.derived:
                entries[tenant] = self._archive(shelf, partition, tenant, tenants[tenant])
        if due and self._old_for_all(shelf, partition) and len(due) == len(tenants):
            self._engine.execute(f"ALTER TABLE {shelf.table} DROP PARTITION ID {quoted(partition)}")
        elif due:
            names = ", ".join(map(quoted, due))
            self._engine.execute(
                f"ALTER TABLE {shelf.table} DELETE IN PARTITION ID {quoted(partition)} WHERE tenant IN ({names})"
                " SETTINGS mutations_sync = 1"
            )
        for tenant, entry in entries.items():
            self._note(shelf, partition, tenant, replace(entry, state=GONE))
        if due:
            self._log.info("retired", table=shelf.table, partition=partition, tenants=len(due), archived=len(entries))

    def _old_for_all(self, shelf: Shelf, partition: str) -> bool:
        """Whether nobody keeps a partition, so that no row can come to it."""
        policies = [DEFAULTS[shelf.kind], *(self._policy(tenant, shelf) for tenant in self._policies)]
        return all(span(partition)[1] <= self._kept_from(policy, shelf) for policy in policies)

    def _archive(self, shelf: Shelf, partition: str, tenant: str, rows: int) -> _Entry:
        """All of a tenant's rows in files, and a note of it."""
        known = self._newest(shelf, partition, tenant)
        if known.state == NOTED and known.rows >= rows:
            return known
        sequence = known.sequence + (known.state == GONE)
        folder = self._files.place(tenant, shelf.table, partition)
        sizes = []
        count = 0
        for part, (first, end, expected) in enumerate(self._stretches(shelf, partition, tenant)):
            body = self._engine.query_bytes(self._rows(shelf, partition, tenant, first, end), "Parquet")
            self._files.write(folder / f"{sequence:04}-{part:04}.parquet", body)
            sizes.append(len(body))
            count += expected
        self._files.remove_others(folder, sequence, len(sizes))
        entry = _Entry(sequence, NOTED, len(sizes), count, sum(sizes))
        self._note(shelf, partition, tenant, entry)
        return entry

    def _rows(self, shelf: Shelf, partition: str, tenant: str, first: int, end: int) -> Statement:
        question = _ROWS.format(table=shelf.table, time=shelf.time, order=shelf.order)
        return Statement(question, {"partition": partition, "tenant": tenant, "first": first, "end": end})

    def _stretches(self, shelf: Shelf, partition: str, tenant: str) -> Iterator[tuple[int, int, int]]:
        """Stretches of time, of whole hours, and their rows: as many as a file is to hold."""
        question = _HOURS.format(table=shelf.table, time=shelf.time)
        first, rows = None, 0
        hour = 0
        for found, count in self._engine.query(Statement(question, {"partition": partition, "tenant": tenant})):
            if first is not None and rows + int(count) > ROWS_AT_ONCE:
                yield first, hour + 3_600, rows
                first, rows = None, 0
            hour = int(found)
            first = hour if first is None else first
            rows += int(count)
        if first is not None:
            yield first, hour + 3_600, rows

    def _finish(self, shelf: Shelf, there: Mapping[str, Mapping[str, int]]) -> None:
        """Note of what was deleted by a round that was killed before it could."""
        for tenant, partition in self._engine.query(Statement(_UNFINISHED, {"source": shelf.table})):
            if partition.startswith(shelf.prefix) and tenant not in there.get(partition, {}):
                entry = self._newest(shelf, partition, tenant)
                self._note(shelf, partition, tenant, replace(entry, state=GONE))

    def _newest(self, shelf: Shelf, partition: str, tenant: str) -> _Entry:
        rows: Sequence[Sequence[int]] = self._engine.query(
            Statement(_NEWEST, {"tenant": tenant, "source": shelf.table, "partition": partition})
        )
        return _Entry(*map(int, rows[0])) if rows else _Entry()

    def _note(self, shelf: Shelf, partition: str, tenant: str, entry: _Entry) -> None:
        end = span(partition)[1]
        end_ms = int(datetime(end.year, end.month, end.day, tzinfo=UTC).timestamp() * 1e3)
        columns = [
            native.texts("tenant", [tenant]),
            native.words("source", [shelf.table]),
            native.words("kind", [shelf.kind]),
            native.texts("partition", [partition]),
            native.numbers("sequence", "UInt32", np.array([entry.sequence], np.uint32)),
            native.numbers("state", "UInt8", np.array([entry.state], np.uint8)),
            native.numbers("files", "UInt32", np.array([entry.files], np.uint32)),
            native.numbers("row_count", "UInt64", np.array([entry.rows], np.uint64)),
            native.numbers("bytes", "UInt64", np.array([entry.bytes], np.uint64)),
            native.numbers("end_time", "DateTime64(3, 'UTC')", np.array([end_ms], np.int64)),
        ]
        names = ", ".join(column.name for column in columns)
        self._engine.insert("archives", names, native.block(columns, 1), uuid4().hex)
