"""Everything is restarted under load, the edge too: no call fails that is tried again, no stream ends for good."""

import asyncio
import random
import subprocess
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

import aiohttp
import grpc
import pytest

from binnacle.alerting.v1 import alert_service_pb2, alert_service_pb2_grpc
from binnacle.streamer.v1 import dashboard_service_pb2 as dashboard, dashboard_service_pb2_grpc
from tests.support.cut_clients import CutClient
from tests.support.outages import patience
from tests.support.suite import BINNACLE, CHILDREN, Suite, running_suite
from tests.support.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(600)]

KIND = "restart"
FULL_CLIENTS = 200
PAUSE = 0.02
# The documented way to try again: these answers, and connections that broke; a pause that doubles, for so long at most.
AGAIN = frozenset({429, 502, 503, 504})
FIRST_PAUSE, LONGEST_PAUSE, GIVEN_UP = 0.1, 2.0, 30.0


class NotYet(Exception):
    """An answer after which one tries again."""


@dataclass
class Tally:
    """What became of the calls."""

    answered: int = 0
    repeated: int = 0
    slowest: float = 0.0
    failed: list[str] = field(default_factory=list)


@dataclass
class Load:
    """Clients that call without a pause worth the name until they are told to stop."""

    suite: Suite
    tally: Tally = field(default_factory=Tally)
    written: int = 0
    stopping: bool = False

    async def write(self) -> None:
        """Named events, numbered without a gap."""
        async with self._http() as http:
            while not self.stopping:
                name, event = uuid.uuid4().hex, {"type": KIND, "service": "shop", "data": {"number": self.written + 1}}
                await self._call(partial(self._post, http, event, name))
                self.written += 1
                await asyncio.sleep(PAUSE)

    async def read(self, path: str) -> None:
        async with self._http() as http:
            while not self.stopping:
                await self._call(partial(self._get, http, path))
                await asyncio.sleep(PAUSE)

    async def ask(self) -> None:
        """The same by gRPC."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.suite.port}") as channel:
            pictures = dashboard_service_pb2_grpc.DashboardServiceStub(channel)
            alerts = alert_service_pb2_grpc.AlertServiceStub(channel)

            async def get() -> None:
                try:
                    await pictures.GetDashboard(dashboard.GetDashboardRequest(), timeout=15)
                    await alerts.ListAlerts(alert_service_pb2.ListAlertsRequest(), timeout=15)
                except grpc.aio.AioRpcError as error:
                    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
                        raise NotYet(error.details()) from error
                    raise

            while not self.stopping:
                await self._call(get)
                await asyncio.sleep(PAUSE)

    def _http(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.suite.url, timeout=aiohttp.ClientTimeout(total=20))

    async def _post(self, http: aiohttp.ClientSession, event: object, name: str) -> None:
        async with http.post("/events", json=event, headers={"idempotency-key": name}) as answer:
            await _judge(answer)

    async def _get(self, http: aiohttp.ClientSession, path: str) -> None:
        async with http.get(path) as answer:
            await _judge(answer)

    async def _call(self, call: Callable[[], Awaitable[None]]) -> None:
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            try:
                await call()
                self.tally.answered += 1
                break
            except (NotYet, aiohttp.ClientError, TimeoutError) as error:
                self.tally.repeated += 1
                if time.monotonic() - began > patience(GIVEN_UP):
                    self.tally.failed.append(repr(error))
                    break
            except (AssertionError, grpc.aio.AioRpcError) as error:
                self.tally.failed.append(repr(error))
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        self.tally.slowest = max(self.tally.slowest, time.monotonic() - began)


async def _judge(answer: aiohttp.ClientResponse) -> None:
    text = await answer.text()
    if answer.status in AGAIN:
        raise NotYet(text)
    assert answer.status == HTTPStatus.OK, f"{answer.status} {text}"


def restart(suite: Suite) -> str:
    """As an operator does it."""
    command = [str(BINNACLE), "restart", "--data-dir", str(suite.data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{suite.log()[-6000:]}"
    return done.stdout


async def test_nobody_notices_a_restart_of_everything(scale: float) -> None:
    with running_suite() as suite:
        before = {name: child.pid for name, child in suite.children().items()}
        load, chance = Load(suite), random.Random(20261121)
        clients = [CutClient(suite.port, KIND, chance) for _number in range(max(20, round(FULL_CLIENTS * scale)))]
        async with asyncio.TaskGroup() as tasks:
            following = [tasks.create_task(client.run()) for client in clients]

            async def all_connected() -> bool:
                return all(client.told.position for client in clients)

            await eventually(all_connected, "all clients are connected", within=patience(60.0))
            calling = [
                tasks.create_task(call) for call in (load.write(), load.read("/dashboard"), load.read("/events"))
            ]
            calling += [tasks.create_task(load.ask()), tasks.create_task(load.read("/stats"))]
            said = await asyncio.to_thread(restart, suite)
            after = {name: child.pid for name, child in suite.children().items()}
            # The edge before is given a while for what it still has open.
            await asyncio.sleep(6)
            load.stopping = True
            await asyncio.wait(calling)

            async def all_told() -> bool:
                return all(client.told.numbers[-1:] == [load.written] for client in clients)

            await eventually(all_told, f"all clients are told of {load.written} events", within=patience(60.0))
            for task in following:
                task.cancel()
        assert said.startswith("all was restarted")
        assert set(after) == set(before) == set(CHILDREN)
        assert [name for name in before if before[name] == after[name]] == []
        assert load.tally.failed == []
        assert load.written > 20
        assert all(client.told.numbers == list(range(1, load.written + 1)) for client in clients)
        assert all(client.told.connections > 1 and client.told.breaks == 0 for client in clients)
        assert "killed" not in suite.log()


def test_who_restarts_what_does_not_run_is_told_so(tmp_path: Path) -> None:
    command = [str(BINNACLE), "restart", "--data-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "No suite runs on" in done.stderr
