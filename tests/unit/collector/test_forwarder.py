"""What the collector says while nobody takes what it forwards."""

import asyncio
import json

import pytest

from services.collector.adapters.forwarder import START_SECONDS, Forwarder
from services.core.errors import Unavailable
from services.runtime import logs
from tests.support.clock import ManualClock


class Nobody:
    """An aggregator's stub, its call, and a journal."""

    journal_id = b"journal"

    def Append(self, **_metadata: object) -> "Nobody":
        return self

    async def write(self, _request: object) -> None:
        raise Unavailable("nobody is there")

    def cancel(self) -> None: ...

    def on_change(self, _changed: object) -> None: ...


async def test_that_the_aggregator_starts_later_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    clock, log = ManualClock(0.0), logs.configure("collector", "info", "json")
    nobody = Nobody()
    forwarder = Forwarder(nobody, nobody, clock, log, asyncio.Event(), secret="")  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as tasks:
        forwarding = tasks.create_task(forwarder.run())
        await clock.advance(START_SECONDS - 1.0)
        assert capsys.readouterr().err == ""
        await clock.advance(20 * START_SECONDS)
        [line] = capsys.readouterr().err.splitlines()
        assert json.loads(line)["reason"] == "nobody is there"
        forwarding.cancel()
