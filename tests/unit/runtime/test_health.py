"""What a service says of its own readiness, and when."""

import asyncio
import json

import pytest
from grpc_health.v1._async import HealthServicer

from services.core.errors import Unavailable
from services.runtime import logs
from services.runtime.health import POLL_SECONDS, START_SECONDS, Readiness
from tests.support.clock import ManualClock


def said(captured: str) -> list[str]:
    lines = [json.loads(line) for line in captured.splitlines()]
    return [f"{line['event']}: {line['reason']}" if "reason" in line else line["event"] for line in lines]


async def test_who_waits_for_long_says_once_what_for(capsys: pytest.CaptureFixture[str]) -> None:
    clock, missing = ManualClock(0.0), ["Redis does not answer"]

    async def ready() -> None:
        if missing:
            raise Unavailable(missing[0])

    readiness = Readiness(HealthServicer(), (), ready, clock, logs.configure("trial", "info", "json"))
    await readiness.begin()
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(readiness.follow())
        await clock.advance(START_SECONDS)
        # Parts that start together wait for each other.
        assert capsys.readouterr().err == ""
        for reason in ("Redis does not answer", "it loads", "Redis does not answer"):
            missing[0] = reason
            await clock.advance(START_SECONDS)
        assert said(capsys.readouterr().err) == ["not ready yet: Redis does not answer", "not ready yet: it loads"]
        missing.clear()
        await clock.advance(2 * POLL_SECONDS)
        assert said(capsys.readouterr().err) == ["ready"]
        following.cancel()
