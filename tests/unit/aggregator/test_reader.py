"""The door for questions: what nobody waits for leaves room to the rest."""

import asyncio
import threading
from contextvars import copy_context
from typing import Any

import structlog

from services.aggregator.adapters.clickhouse.engine.reader import THREADS, Reader
from services.aggregator.adapters.clickhouse.engine.statements import Statement, TenantQuery
from services.core.waiting import wait_for_nothing
from tests.support.waiting import eventually

ONE_THREAD = "max_threads = 1"
QUESTION = TenantQuery("acme", "events", ("count()",))


class Engine:
    """An engine that answers once it is let, and knows how many questions it had at once."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.settings: list[str] = []
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def query_bytes(self, statement: Statement, form: str) -> bytes:
        with self._lock:
            self.settings.append(statement.settings)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.open.wait(timeout=20)
        with self._lock:
            self.at_once -= 1
        return b""


async def begun(engine: Engine, count: int) -> None:
    """Return once so many questions have come to the engine."""

    async def come() -> bool:
        return len(engine.settings) >= count

    await eventually(come, f"{count} questions have come")


async def test_what_nobody_waits_for_takes_one_core_and_holds_nobody_up() -> None:
    engine: Any = Engine()
    reader = Reader(lambda: engine, structlog.get_logger())
    aside = copy_context()
    aside.run(wait_for_nothing)
    async with asyncio.TaskGroup() as tasks:
        for _number in range(THREADS + 1):
            tasks.create_task(reader.rows(QUESTION), context=aside)
        await begun(engine, 1)
        assert ONE_THREAD in engine.settings[0]
        tasks.create_task(reader.rows(QUESTION))
        await begun(engine, 2)
        assert ONE_THREAD not in engine.settings[1]
        engine.open.set()
    assert engine.most_at_once == 2
    assert sum(ONE_THREAD in each for each in engine.settings) == THREADS + 1
    await reader.close()
