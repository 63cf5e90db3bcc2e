"""After a start what lies behind answers is read before somebody asks: for each tenant, and whatever fails."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from binnacle.aggregator.v1 import error_service_pb2 as errors_pb, session_service_pb2 as sessions_pb
from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.service import warming
from services.core.errors import InvalidInput, Unavailable
from services.runtime import logs
from services.runtime.calls import current_call
from services.runtime.process import Registration
from tests.component.aggregator.conftest import Start
from tests.support.clock import ManualClock
from tests.support.journals import NOW, record
from tests.support.waiting import eventually

pytestmark = pytest.mark.store


class Servicer:
    """Notes who asks what, which takes two seconds; all calls fail that are to."""

    def __init__(self, clock: ManualClock, fault: Exception | None = None) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self._clock = clock
        self._fault = fault

    def __getattr__(self, method: str) -> Any:
        async def call(request: Any, _context: None) -> None:
            self.asked.append((current_call().tenant, method, request))
            await self._clock.sleep(2.0)
            if self._fault is not None:
                raise self._fault

        return call


async def warmed(clock: ManualClock, servicer: Servicer, ready_after: float = 0.0) -> "asyncio.Task[None]":
    started = clock.monotonic()

    async def ready() -> None:
        if clock.monotonic() < started + ready_after:
            raise Unavailable("not yet")

    async def tenants() -> Sequence[str]:
        return ["one", "other"]

    registrations = [
        Registration(lambda *_told: None, servicer, f"binnacle.aggregator.v1.{name}")
        for name in ("ErrorService", "AppendService", "SessionService")
    ]
    log = logs.configure("test", "warning", "console")
    return asyncio.create_task(warming.warm(registrations, tenants, ready, clock, log))


async def test_each_tenant_is_asked_about_in_turn_and_rests() -> None:
    clock = ManualClock()
    servicer = Servicer(clock, InvalidInput.of("fingerprint", "must be given"))
    task = await warmed(clock, servicer, ready_after=7.0)
    await clock.advance(14.0)
    assert not servicer.asked
    await clock.advance(2.0)
    assert servicer.asked == [("one", "ListErrorGroups", errors_pb.ListErrorGroupsRequest())]
    # Two seconds of work, and as many of rest.
    await clock.advance(2.5)
    assert len(servicer.asked) == 1
    await clock.advance(200.0)
    await task
    assert ("other", "GetSessionFigures", sessions_pb.GetSessionFiguresRequest()) in servicer.asked
    assert {tenant for tenant, *_what in servicer.asked} == {"one", "other"}


async def test_what_is_wrong_with_a_question_ends_nothing_else() -> None:
    clock = ManualClock()
    task = await warmed(clock, Servicer(clock, ValueError("a fault of ours")))
    await clock.advance(60.0)
    await task


async def test_an_aggregator_that_starts_reads_what_lies_behind(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    async with start() as aggregator:
        await aggregator.store(record(tenant="shop", accepted=NOW, events=[{"type": "purchase", "time": NOW - 3_600}]))
    monkeypatch.setattr(warming, "AFTER_SECONDS", 0.0)
    about: set[str] = set()
    query_bytes = ChdbEngine.query_bytes

    def noted(engine: ChdbEngine, statement: Statement, form: str) -> bytes:
        if "part_starts" in statement.parameters:
            about.add(statement.parameters["tenant"])
        return query_bytes(engine, statement, form)

    monkeypatch.setattr(ChdbEngine, "query_bytes", noted)
    async with start():

        async def read() -> bool:
            return about == {"shop"}

        await eventually(read, "what is kept of a tenant is read before anybody asks")
