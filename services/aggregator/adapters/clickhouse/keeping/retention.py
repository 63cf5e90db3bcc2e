"""The policies of tenants in ClickHouse."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from uuid import uuid4

import numpy as np

from services.aggregator.adapters.clickhouse.engine import native
from services.aggregator.adapters.clickhouse.engine.engines import Engine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.engine.turns import drop_old_turns, leased
from services.aggregator.adapters.clickhouse.engine.until_changed import UntilChanged
from services.aggregator.adapters.clickhouse.keeping.retiring import Retiring
from services.aggregator.adapters.clickhouse.storing.claims import drop_old_claims
from services.aggregator.adapters.parquet_files import ParquetFiles
from services.aggregator.ports.retention import Archived, Policies, Policy
from services.core.clock import Clock
from services.core.errors import Unavailable
from services.runtime.logs import Log

Answer = TypeVar("Answer")
_POLICIES = Statement("SELECT tenant, kind, days, archive FROM retention FINAL")
_ARCHIVED = (
    "SELECT kind, sum(files), sum(row_count), sum(bytes), toUnixTimestamp64Milli(max(end_time)) FROM archives FINAL"
    " WHERE tenant = {tenant:String} AND state = 2 GROUP BY kind"
)


class Ask(Protocol):
    """Runs a question against the engine, in a thread; Unavailable while the store does not answer."""

    def __call__(self, question: Callable[[Engine], Answer]) -> Awaitable[Answer]: ...


def read_policies(engine: Engine) -> Mapping[str, Policies]:
    """What tenants have set."""
    found: dict[str, dict[str, Policy]] = defaultdict(dict)
    for tenant, kind, days, archive in engine.query(_POLICIES):
        found[tenant][kind] = Policy(int(days), bool(archive))
    return found


class ClickHouseRetention:
    """See ports/retention.py. `retired` is told after each round, in the thread that deleted."""

    def __init__(
        self,
        ask: Ask,
        files: ParquetFiles,
        clock: Clock,
        log: Log,
        shared: Callable[[], bool] = lambda: True,
        retired: Callable[[], None] = lambda: None,
    ) -> None:
        self._ask = ask
        self._files = files
        self._clock = clock
        self._log = log
        self._retired = retired
        self._policies: UntilChanged[None, Mapping[str, Policies]] = UntilChanged(shared)
        self._archived: UntilChanged[str, Mapping[str, Archived]] = UntilChanged(shared)

    async def policies(self) -> Mapping[str, Policies]:
        return await self._policies.of(None, lambda: self._ask(read_policies))

    async def set_policies(self, tenant: str, policies: Policies) -> None:
        now_us = int(self._clock.now() * 1e6)
        columns = [
            native.texts("tenant", [tenant] * len(policies)),
            native.words("kind", list(policies)),
            native.numbers("days", "UInt32", np.array([one.days for one in policies.values()], np.uint32)),
            native.numbers("archive", "UInt8", np.array([one.archive for one in policies.values()], np.uint8)),
            native.numbers("changed", "DateTime64(6, 'UTC')", np.full(len(policies), now_us, np.int64)),
        ]
        names, body = ", ".join(column.name for column in columns), native.block(columns, len(policies))

        def insert(engine: Engine) -> None:
            with self._policies.changing():
                engine.insert("retention", names, body, uuid4().hex)

        await self._ask(insert)

    async def archived(self, tenant: str) -> Mapping[str, Archived]:
        return await self._archived.of(tenant, lambda: self._read_archived(tenant))

    def forget(self) -> None:
        """What was archived may have been deleted."""
        self._archived.forget()

    async def _read_archived(self, tenant: str) -> Mapping[str, Archived]:
        rows = await self._ask(lambda engine: engine.query(Statement(_ARCHIVED, {"tenant": tenant})))
        return {
            kind: Archived(int(files), int(count), int(size), int(end) / 1e3) for kind, files, count, size, end in rows
        }

    async def retire(self, now: float) -> bool:
        try:
            return await self._ask(lambda engine: self._retire(engine, now))
        except OSError as fault:
            self._log.error("nothing more is deleted: the archive cannot be written", reason=str(fault))
            raise Unavailable("the archive cannot be written") from fault

    def _retire(self, engine: Engine, now: float) -> bool:
        with self._archived.changing(), leased(engine, "retention", wait=False) as mine:
            if mine:
                today = datetime.fromtimestamp(now, UTC).date()
                drop_old_claims(engine)
                drop_old_turns(engine)
                try:
                    Retiring(engine, self._files, read_policies(engine), today, self._log).run()
                finally:
                    self._retired()
        return mine
