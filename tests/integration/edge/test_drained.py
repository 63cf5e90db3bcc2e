"""A replica is drained under load, behind an edge that knows two of each: no call fails, and nothing is lost."""

import asyncio
import json
import random
import signal
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from grpc_health.v1 import health_pb2

from tests.support.callers import Load
from tests.support.clickhouse import ClickHouseServer
from tests.support.cut_clients import CutClient
from tests.support.empty_store import lay_empty_store
from tests.support.outages import patience
from tests.support.replicas import LEAVES, UPSTREAMS, Replica, edge_of, healthy
from tests.support.suite import Suite, free_port, running_suite
from tests.support.waiting import eventually, eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(600)]

KIND = "drain"
FULL_CLIENTS = 200
# Calls of every service, the aggregator's own among them.
PATHS = ("/dashboard", "/events", "/stats", "/api/v1/alerts", "/api/v1/usage", "/app")


def replicated(suite: Suite, folder: Path, stack: ExitStack, first: int, second: int, leaves: float) -> list[Replica]:
    """A second process of each service, in the order of their drains; they ask the second aggregator before the first.

    `first` is a port that leads to the first aggregator, `second` the one where the second listens. Before it takes no
    more each says no for so many seconds as it `leaves`.
    """
    leaving = {"BINNACLE_LEAVE_SECONDS": f"{leaves:.1f}"}
    own = leaving | {"BINNACLE_LISTEN": f"127.0.0.1:{second}"}
    asking = leaving | {
        "BINNACLE_AGGREGATOR": f"ipv4:127.0.0.1:{second},127.0.0.1:{first}",
        "BINNACLE_FURTHER_AGGREGATORS": json.dumps([suite.children()["streamer"].environ()["BINNACLE_AGGREGATOR"]]),
    }
    replicas = []
    for name in ("aggregator", "collector", "streamer", "alerting"):
        replica = Replica(suite, name, folder, own if name == "aggregator" else asking)
        stack.callback(replica.end)
        replicas.append(replica)
        eventually_sync(replica.is_ready, f"the second {name} is ready", patience(60))
    return replicas


async def drained(replica: Replica, folder: Path, leaves: float) -> None:
    """Told to stop it says no first; the edge believes it before it takes no more; then it ends by itself."""
    replica.process.send_signal(signal.SIGTERM)

    async def says_no() -> bool:
        return await asyncio.to_thread(replica.status) == health_pb2.HealthCheckResponse.NOT_SERVING

    await eventually(says_no, "it is not ready", within=leaves)

    async def is_left_out() -> bool:
        found = await asyncio.to_thread(healthy, folder)
        return all(found[one] == 1 for one in UPSTREAMS[replica.name])

    await eventually(is_left_out, "the edge sends no more there", within=leaves)
    assert replica.process.poll() is None

    async def has_ended() -> bool:
        return replica.process.poll() is not None

    await eventually(has_ended, "it has ended", within=patience(30.0))
    assert replica.process.returncode == 0, replica.log.read_text()


async def drained_in_turn(replicas: Sequence[Replica], folder: Path, load: Load, leaves: float) -> dict[str, list[str]]:
    """Why calls were repeated, by what was drained then."""
    repeated: dict[str, list[str]] = {}
    for replica in replicas:
        begun = len(load.tally.repeated)
        await drained(replica, folder, leaves)
        await asyncio.sleep(1)
        repeated[replica.name] = load.tally.repeated[begun:]
    return repeated


def nothing_was_missed(clients: list[CutClient], written: int, there: int) -> None:
    """Clients have each event once; of them the fewer than `there` that followed the replica moved, once."""
    # Each once; what went through two collectors may come in the other order.
    assert [sorted(client.told.numbers) for client in clients] == [list(range(1, written + 1))] * len(clients)
    # Those of the replica went elsewhere, at once; the others noticed nothing.
    moved = [client for client in clients if client.told.connections > 1]
    assert there > len(moved) > 0
    assert len(moved) < len(clients)
    assert {client.told.connections for client in moved} == {2}
    assert [client.told.breaks for client in clients] == [0] * len(clients)


async def test_nobody_notices_that_a_replica_is_drained(scale: float) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drained-", dir="/tmp")))
        lay_empty_store(folder / "clickhouse")
        server = stack.enter_context(ClickHouseServer(folder / "clickhouse"))
        first, second = free_port(), free_port()
        told = {
            "BINNACLE_CLICKHOUSE_DSN": server.dsn,
            "BINNACLE_FURTHER_AGGREGATORS": json.dumps([f"127.0.0.1:{second}"]),
        }
        suite = stack.enter_context(running_suite(environment=told))
        # As in a cluster, where no other tests run; longer than a minute it may not be.
        leaves = min(60.0, patience(float(LEAVES["BINNACLE_LEAVE_SECONDS"])))
        replicas = replicated(suite, folder, stack, first, second, leaves)
        port = stack.enter_context(edge_of(suite, replicas, folder, {"aggregator": first}))

        async def all_healthy() -> bool:
            found = await asyncio.to_thread(healthy, folder)
            return all(found[upstream] == 2 for replica in replicas for upstream in replica.targets)

        await eventually(all_healthy, "the edge knows two of each", within=patience(60))
        load, chance = Load(port, KIND), random.Random(7)
        clients = [CutClient(port, KIND, chance) for _number in range(max(20, round(FULL_CLIENTS * scale)))]
        async with asyncio.TaskGroup() as tasks:
            following = [tasks.create_task(client.run()) for client in clients]

            async def all_connected() -> bool:
                return all(client.told.position for client in clients)

            await eventually(all_connected, "all clients are connected", within=patience(60.0))
            calling = [tasks.create_task(call) for call in (load.write(), load.ask(), *map(load.read, PATHS))]
            streamer = next(replica for replica in replicas if replica.name == "streamer")
            there = len(psutil.Process(streamer.process.pid).net_connections("unix"))
            repeated = await drained_in_turn(replicas, folder, load, leaves)
            load.stopping = True
            await asyncio.wait(calling)

            async def all_told() -> bool:
                return all(len(client.told.numbers) >= load.written for client in clients)

            await eventually(all_told, f"all clients are told of {load.written} events", within=patience(60.0))
            for task in following:
                task.cancel()

        def all_stored() -> bool:
            return bool(suite.get("/events", type=KIND, limit=1)["count"] == load.written)

        # What the collector that is gone took in is not in its journal alone.
        eventually_sync(all_stored, f"{load.written} events are stored, once each")
    assert load.tally.failed == []
    # Those that hold no data need not even that; others a busy disk may keep from saying in time that they are well.
    assert (repeated["streamer"], repeated["alerting"]) == ([], [])
    assert load.written > 20
    nothing_was_missed(clients, load.written, there)
