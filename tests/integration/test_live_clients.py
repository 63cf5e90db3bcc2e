"""The live clients on a running suite whose streamer is killed: nothing is lost, nothing comes twice."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from binnacle.live.v1.live_pb2 import EventSelection
from binnacle_client import Client
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]

TYPESCRIPT = Path(__file__).parents[2] / "clients/typescript"
KIND = "live.clients"
COUNT = 60


@dataclass
class Told:
    """What a client was told: numbers of events by their ids, in order, and whether each begin was a resumption."""

    numbers: dict[str, int] = field(default_factory=dict)
    begins: list[bool] = field(default_factory=list)
    repeated: int = 0

    def event(self, name: str, number: float) -> None:
        self.repeated += name in self.numbers
        self.numbers[name] = int(number)


async def follow(suite: Suite, told: Told) -> None:
    """The client for Python, over gRPC."""
    async with Client(f"127.0.0.1:{suite.port}") as client, client.live.connect() as live:
        live.subscribe("mine", events=EventSelection(types=[KIND]))
        async for update in live:
            if update.HasField("subscribed"):
                told.begins.append(update.subscribed.resumed)
            for each in update.events.events:
                data: Any = each.event.data
                told.event(each.id, data["number"])


async def follow_in_node(suite: Suite, told: Told) -> None:
    """The client for TypeScript, over a WebSocket, as its package is built."""
    command = ["node", "--experimental-websocket", "examples/follow.mjs", KIND]
    environment = {**os.environ, "BINNACLE_URL": suite.url, "NODE_NO_WARNINGS": "1"}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=TYPESCRIPT, env=environment, stdout=subprocess.PIPE, stderr=sys.stderr
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            document = json.loads(line)
            if "resumed" in document:
                told.begins.append(document["resumed"])
            else:
                told.event(document["id"], document["data"]["number"])
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def following(suite: Suite) -> AsyncIterator[dict[str, Told]]:
    """Both clients, once they are subscribed."""
    told = {"Python": Told(), "TypeScript": Told()}
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(follow(suite, told["Python"])),
            tasks.create_task(follow_in_node(suite, told["TypeScript"])),
        ]
        await every(told, lambda one: bool(one.begins), "is subscribed")
        yield told
        for task in running:
            task.cancel()


async def every(told: dict[str, Told], holds: Callable[[Told], bool], what: str) -> None:
    """Return once something holds for both."""

    async def so() -> bool:
        return all(map(holds, told.values()))

    try:
        await eventually(so, f"every client {what}", within=60)
    except AssertionError as late:
        raise AssertionError(f"{late}; they were told {told}") from late


def was_told(number: int) -> Callable[[Told], bool]:
    return lambda one: number in one.numbers.values()


async def tell(suite: Suite, numbers: range) -> None:
    for number in numbers:
        event = {"type": KIND, "service": "live", "data": {"number": number}}
        await asyncio.to_thread(suite.post, "/events", event)


@pytest.mark.timeout(300)
async def test_a_killed_streamer_loses_and_doubles_nothing() -> None:
    built = await asyncio.create_subprocess_exec("npm", "run", "--silent", "build", cwd=TYPESCRIPT)
    assert await built.wait() == 0
    with running_suite() as suite:
        async with following(suite) as told:
            await tell(suite, range(COUNT // 3))
            await every(told, was_told(0), "was told the first")
            # What is told at this moment is on its way somewhere between collector and client.
            suite.kill("streamer")
            await tell(suite, range(COUNT // 3, COUNT * 2 // 3))
            await asyncio.to_thread(suite.wait_ready)
            await tell(suite, range(COUNT * 2 // 3, COUNT))
            await every(told, was_told(COUNT - 1), f"was told {COUNT - 1}")
    for name, one in told.items():
        assert list(one.numbers.values()) == list(range(COUNT)), name
        assert one.repeated == 0, name
        assert one.begins[0] is False, name
        assert len(one.begins) >= 2, name
        assert all(one.begins[1:]), name
    assert told["Python"].numbers == told["TypeScript"].numbers
