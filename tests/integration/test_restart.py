"""Everything is restarted under load, the edge too: no call fails that is tried again, no stream ends for good."""

import asyncio
import random
import subprocess
from pathlib import Path

import pytest

from tests.support.callers import Load
from tests.support.cut_clients import CutClient
from tests.support.outages import patience
from tests.support.suite import BINNACLE, CHILDREN, Suite, running_suite
from tests.support.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(600)]

KIND = "restart"
FULL_CLIENTS = 200


def restart(suite: Suite) -> str:
    """As an operator does it."""
    command = [str(BINNACLE), "restart", "--data-dir", str(suite.data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{suite.log()[-6000:]}"
    return done.stdout


async def test_nobody_notices_a_restart_of_everything(scale: float) -> None:
    with running_suite() as suite:
        before = {name: child.pid for name, child in suite.children().items()}
        load, chance = Load(suite.port, KIND), random.Random(20261121)
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
