"""A replica is drained under load, behind an edge that knows two: no call fails, and live clients go on elsewhere."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import psutil
import pytest
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.launcher.edge import LOG_OPTIONS
from services.launcher.programs import envoy_program
from services.runtime.calls import CALLER_KEY
from tests.support.callers import Load
from tests.support.cut_clients import CutClient
from tests.support.outages import patience
from tests.support.suite import Suite, free_port, running_suite
from tests.support.waiting import eventually, eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(600)]

KIND = "drain"
FULL_CLIENTS = 200
# What deploy/k8s/base/settings.yaml says.
LEAVES = {"BINNACLE_LEAVE_SECONDS": "4", "BINNACLE_DRAIN_SECONDS": "15"}
REPLICATED = ("streamer", "alerting")


class Replica:
    """A second process of a service of a suite: as the first, on sockets of its own."""

    def __init__(self, suite: Suite, name: str, folder: Path) -> None:
        first = suite.children()[name].environ()
        self.sockets = {name: folder / f"{name}.sock", "pages": folder / f"{name}-pages.sock"}
        own = {
            "BINNACLE_LISTEN": f"unix:{self.sockets[name]}",
            "BINNACLE_PAGES_LISTEN": f"unix:{self.sockets['pages']}",
        }
        self.name = name
        self._caller = first["BINNACLE_EDGE_SECRET"]
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", f"services.{name}"],
                env=first | own | LEAVES,
                stdout=log,
                stderr=log,
            )

    def status(self) -> int:
        """Its readiness, as the edge asks for it; 0 where it does not answer."""
        with grpc.insecure_channel(f"unix:{self.sockets[self.name]}") as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            try:
                answer = health.Check(health_pb2.HealthCheckRequest(), timeout=2, metadata=[(CALLER_KEY, self._caller)])
            except grpc.RpcError:
                return 0
        return int(answer.status)

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.status() == health_pb2.HealthCheckResponse.SERVING

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def configuration(before: Mapping[str, Any], replicas: Mapping[str, Replica], folder: Path, port: int) -> str:
    """The edge's configuration of a suite, on another port, with further replicas beside the first ones.

    In a cluster a name leads to all of them; here each is told.
    """
    held: Any = yaml.safe_load(yaml.safe_dump(before))
    held["admin"]["address"] = {"pipe": {"path": str(folder / "admin.sock"), "mode": 0o600}}
    resources = held["static_resources"]
    resources["listeners"] = [one for one in resources["listeners"] if one["name"] == "edge"]
    [listener] = resources["listeners"]
    listener["address"]["socket_address"]["port_value"] = port
    listener.pop("stat_prefix", None)
    further = {
        "streamer": ("streamer", "streamer"),
        "pages": ("streamer", "pages"),
        "alerting": ("alerting", "alerting"),
    }
    for cluster in resources["clusters"]:
        if cluster["name"] in further:
            service, socket = further[cluster["name"]]
            endpoint = {"address": {"pipe": {"path": str(replicas[service].sockets[socket])}}}
            cluster["load_assignment"]["endpoints"][0]["lb_endpoints"].append({"endpoint": endpoint})
    return yaml.safe_dump(held)


@contextmanager
def edge_of(suite: Suite, replicas: Mapping[str, Replica], folder: Path) -> Iterator[int]:
    """A second edge of the suite that knows the replicas; its port."""
    first = suite.children()["envoy"]
    line = first.cmdline()
    before = yaml.safe_load(Path(line[line.index("-c") + 1]).read_text())
    port, config = free_port(), folder / "envoy.yaml"
    config.write_text(configuration(before, replicas, folder, port))
    command = [str(envoy_program()), "-c", str(config), "--disable-hot-restart", "--concurrency", "1", *LOG_OPTIONS]
    with (folder / "envoy.log").open("wb") as log:
        envoy = subprocess.Popen(command, env={**os.environ, **first.environ()}, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:

            def is_open() -> bool:
                assert envoy.poll() is None, (folder / "envoy.log").read_text()
                try:
                    return client.get("/health").status_code == httpx.codes.OK
                except httpx.TransportError:
                    return False

            eventually_sync(is_open, "the second edge answers", 60)
        yield port
    finally:
        envoy.kill()
        envoy.wait()


def healthy(folder: Path) -> dict[str, int]:
    """How many endpoints of each upstream the edge sends calls to."""
    transport = httpx.HTTPTransport(uds=str(folder / "admin.sock"))
    with httpx.Client(transport=transport, base_url="http://envoy", timeout=10) as client:
        lines = client.get("/stats", params={"filter": "membership_healthy$"}).text.splitlines()
    pairs = (line.split(": ") for line in lines)
    return {name.split(".")[1]: int(value) for name, value in pairs}


async def drained(replica: Replica, folder: Path) -> None:
    """Told to stop it says no first; the edge believes it before it takes no more; then it ends by itself."""
    clusters = {"streamer": ("streamer", "pages"), "alerting": ("alerting",)}[replica.name]
    replica.process.send_signal(signal.SIGTERM)

    async def says_no() -> bool:
        return await asyncio.to_thread(replica.status) == health_pb2.HealthCheckResponse.NOT_SERVING

    await eventually(says_no, "it is not ready", within=float(LEAVES["BINNACLE_LEAVE_SECONDS"]))

    async def is_left_out() -> bool:
        found = await asyncio.to_thread(healthy, folder)
        return all(found[one] == 1 for one in clusters)

    await eventually(is_left_out, "the edge sends no more there", within=float(LEAVES["BINNACLE_LEAVE_SECONDS"]))
    assert replica.process.poll() is None

    async def has_ended() -> bool:
        return replica.process.poll() is not None

    await eventually(has_ended, "it has ended", within=patience(30.0))
    assert replica.process.returncode == 0


async def test_nobody_notices_that_a_replica_is_drained(scale: float) -> None:
    with ExitStack() as stack:
        suite = stack.enter_context(running_suite())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drained-", dir="/tmp")))
        replicas = {name: Replica(suite, name, folder) for name in REPLICATED}
        for replica in replicas.values():
            stack.callback(replica.end)
        for replica in replicas.values():
            eventually_sync(replica.is_ready, f"the second {replica.name} is ready", 60)
        port = stack.enter_context(edge_of(suite, replicas, folder))

        async def all_healthy() -> bool:
            found = await asyncio.to_thread(healthy, folder)
            return all(found[name] == 2 for name in ("streamer", "pages", "alerting"))

        await eventually(all_healthy, "the edge knows two of each", within=30)
        load, chance = Load(port, KIND), random.Random(7)
        clients = [CutClient(port, KIND, chance) for _number in range(max(20, round(FULL_CLIENTS * scale)))]
        async with asyncio.TaskGroup() as tasks:
            following = [tasks.create_task(client.run()) for client in clients]

            async def all_connected() -> bool:
                return all(client.told.position for client in clients)

            await eventually(all_connected, "all clients are connected", within=patience(60.0))
            paths = ("/dashboard", "/events", "/stats", "/api/v1/alerts", "/app")
            calling = [tasks.create_task(call) for call in (load.write(), load.ask(), *map(load.read, paths))]
            there = len(psutil.Process(replicas["streamer"].process.pid).net_connections("unix"))
            for replica in replicas.values():
                await drained(replica, folder)
                await asyncio.sleep(1)
            load.stopping = True
            await asyncio.wait(calling)

            async def all_told() -> bool:
                return all(client.told.numbers[-1:] == [load.written] for client in clients)

            await eventually(all_told, f"all clients are told of {load.written} events", within=patience(60.0))
            for task in following:
                task.cancel()
    assert (load.tally.failed, load.tally.repeated) == ([], 0)
    assert load.written > 20
    assert all(client.told.numbers == list(range(1, load.written + 1)) for client in clients)
    # Those of the replica went elsewhere, at once; the others noticed nothing.
    moved = [client for client in clients if client.told.connections > 1]
    assert there > len(moved) > 0
    assert len(moved) < len(clients)
    assert {client.told.connections for client in moved} == {2}
    assert [client.told.breaks for client in clients] == [0] * len(clients)
