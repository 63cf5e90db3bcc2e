"""The agent and the demo against the contract's server side, over a real connection."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import structlog

from services.core.clock import SystemClock
from services.launcher.agent.machine import Machine
from services.launcher.agent.readings import Reading
from services.launcher.agent.run import Settings, run as run_agent
from services.launcher.agent.scrape import Target
from services.launcher.delivery_watch import DeliveryWatch
from services.launcher.demo.run import run as run_demo
from tests.component.clients.intake import Intake, holds
from tests.support.services import neighbour, socket_address
from tests.support.waiting import eventually

pytestmark = pytest.mark.network
LOG = structlog.get_logger()


@asynccontextmanager
async def working(job: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(job)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def agent_settings(target: str, **changed: Any) -> Settings:
    told: dict[str, Any] = {
        "target": target,
        "token": "t-1",
        "interval": 0.1,
        "scrape_interval": 1.0,
        "scrape": (),
        "process_root": os.getpid(),
        "envoy_admin": None,
        "host": "h1",
    }
    return Settings(**told | changed)


async def test_the_agent_tells_machine_processes_and_its_own_life() -> None:
    intake = Intake()
    async with (
        neighbour(intake.registration) as address,
        working(run_agent(agent_settings(address), LOG, SystemClock())),
    ):
        wanted = {"system_cpu_percent", "system_network_receive_bytes_per_second", "process_cpu_percent"}
        # A rate is there from the second reading on.
        all_known = holds(lambda: wanted <= {series.name for series in intake.registered})
        await eventually(all_known, "every kind of reading arrived")
        await eventually(holds(lambda: len(intake.samples) > 50 and bool(intake.heartbeats)), "readings arrived")
    assert {(beat.service, beat.kind, beat.status) for beat in intake.heartbeats} == {("agent@h1", "agent", "healthy")}
    assert set(intake.tokens) == {"Bearer t-1"}


async def test_an_endpoint_nobody_serves_is_told_as_down_and_the_rest_goes_on() -> None:
    intake = Intake()
    settings = {"scrape": (Target.of("127.0.0.1:9"),), "envoy_admin": "/nowhere/admin.sock"}
    async with (
        neighbour(intake.registration) as address,
        working(run_agent(agent_settings(address, **settings), LOG, SystemClock())),
    ):
        up = Intake.id_of("up")
        await eventually(holds(lambda: any(id_ == up for id_, _, _ in intake.samples)), "up was told")
        cpu = holds(lambda: "system_cpu_percent" in {series.name for series in intake.registered})
        await eventually(cpu, "the machine is told of")
    assert next(value for id_, _, value in intake.samples if id_ == up) == 0.0


async def test_the_agent_outlives_an_edge_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    intake, address, read = Intake(), socket_address("late"), 0
    reading = Machine.read

    def counted(machine: Machine) -> list[Reading]:
        nonlocal read
        read += 1
        return reading(machine)

    monkeypatch.setattr(Machine, "read", counted)
    async with working(run_agent(agent_settings(address), LOG, SystemClock())):
        await eventually(holds(lambda: read > 2), "it has read while the edge is away")
        came = time.time() * 1_000
        async with neighbour(intake.registration, address=address):
            # What was read while nobody listened arrives too.
            await eventually(holds(lambda: any(at < came for _, at, _ in intake.samples)), "what was read arrived")
            await eventually(holds(lambda: any(at > came for _, at, _ in intake.samples)), "it goes on")


async def test_everything_the_demo_tells_is_marked() -> None:
    intake = Intake()
    async with (
        neighbour(intake.registration) as address,
        working(run_demo(address, None, 200.0, 5, LOG, SystemClock())),
    ):
        enough = holds(lambda: len(intake.events) > 300 and len(intake.logs) > 10 and len(intake.heartbeats) > 10)
        await eventually(enough, "the demo tells", within=60)
    assert all(event.data["demo"] is True for event in intake.events)
    assert all(line.attributes["demo"] is True for line in intake.logs)
    assert all(series.labels["demo"] == "true" for series in intake.registered)


class Notes:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, event: str, **_values: Any) -> None:
        self.lines.append(event)

    info = warning


def test_trouble_with_the_edge_is_told_once_and_so_is_its_end() -> None:
    from binnacle_client import Delivery, Unavailable

    notes = Notes()
    watch = DeliveryWatch(notes)  # type: ignore[arg-type]
    for error in (Unavailable("a"), Unavailable("b")):
        watch.look(Delivery(last_error=error))
    watch.look(Delivery(accepted=5, last_error=error))
    watch.look(Delivery(accepted=9, dropped=2, last_error=error))
    assert notes.lines == [
        "the edge does not take what is sent",
        "the edge takes what is sent again",
        "not all arrived",
    ]
