"""Second processes of a running suite's services, and an edge that knows both."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.launcher.edge import LOG_OPTIONS
from services.launcher.programs import envoy_program
from services.runtime.calls import CALLER_KEY
from tests.support.suite import Suite, free_port
from tests.support.waiting import eventually_sync

# What deploy/k8s/base/settings.yaml says.
LEAVES = {"BINNACLE_LEAVE_SECONDS": "4", "BINNACLE_DRAIN_SECONDS": "15"}
# Upstreams of the edge that a service answers for.
UPSTREAMS: Mapping[str, Sequence[str]] = {
    "collector": ("collector", "intake"),
    "aggregator": ("aggregator",),
    "streamer": ("streamer", "pages"),
    "alerting": ("alerting",),
}


class Replica:
    """A second process of a service of a suite: as the first, on sockets and with data of its own.

    `told` are settings that differ besides.
    """

    def __init__(self, suite: Suite, name: str, folder: Path, told: Mapping[str, str] | None = None) -> None:
        first = suite.children()[name].environ()
        data = folder / name
        data.mkdir()
        self.name = name
        self.target = (told or {}).get("BINNACLE_LISTEN", f"unix:{folder}/{name}.sock")
        self._further = {upstream: f"unix:{folder}/{upstream}.sock" for upstream in UPSTREAMS[name][1:]}
        own = {"BINNACLE_LISTEN": self.target, "BINNACLE_DATA_DIR": str(data), **(told or {})}
        own |= {f"BINNACLE_{upstream.upper()}_LISTEN": target for upstream, target in self._further.items()}
        self._caller = first["BINNACLE_EDGE_SECRET"]
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", f"services.{name}"],
                env=first | LEAVES | own,
                stdout=log,
                stderr=log,
            )

    @property
    def targets(self) -> Mapping[str, str]:
        """Where it listens, by upstream."""
        return {self.name: self.target, **self._further}

    def status(self) -> int:
        """Its readiness, as the edge asks for it; 0 where it does not answer."""
        with grpc.insecure_channel(self.target) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            try:
                answer = health.Check(health_pb2.HealthCheckRequest(), timeout=2, metadata=[(CALLER_KEY, self._caller)])
            except grpc.RpcError:
                return 0
        return int(answer.status)

    def is_ready(self) -> bool:
        """Whether it may be sent calls. Raises AssertionError when it has ended."""
        assert self.process.poll() is None, self.log.read_text()
        return self.status() == health_pb2.HealthCheckResponse.SERVING

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()


def place(target: str) -> Any:
    """Of `unix:/path` or `host:port`, as Envoy has it."""
    if target.startswith("unix:"):
        return {"pipe": {"path": target.removeprefix("unix:")}}
    host, _, port = target.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}


def configuration(
    before: Mapping[str, Any], replicas: Sequence[Replica], folder: Path, port: int, doors: Mapping[str, int]
) -> str:
    """The edge's configuration of a suite, on another port, with further replicas beside the first ones.

    In a cluster a name leads to all of them; here each is told. `doors` are ports by which the first process of a
    service is reached, which listens on a socket of its own.
    """
    held: Any = yaml.safe_load(yaml.safe_dump(before))
    held["admin"]["address"] = {"pipe": {"path": str(folder / "admin.sock"), "mode": 0o600}}
    resources = held["static_resources"]
    resources["listeners"] = [one for one in resources["listeners"] if one["name"] == "edge"]
    [listener] = resources["listeners"]
    listener["address"]["socket_address"]["port_value"] = port
    listener.pop("stat_prefix", None)
    firsts = {one["name"]: one for one in resources["clusters"]}
    for name, door in doors.items():
        endpoints = yaml.safe_load(yaml.safe_dump(firsts[name]["load_assignment"]["endpoints"]))
        load = {"cluster_name": f"first_{name}", "endpoints": endpoints}
        resources["clusters"].append({"name": f"first_{name}", "type": "STATIC", "load_assignment": load})
        resources["listeners"].append(_door(name, door))
    for replica in replicas:
        for upstream, target in replica.targets.items():
            endpoint = {"endpoint": {"address": place(target)}}
            firsts[upstream]["load_assignment"]["endpoints"][0]["lb_endpoints"].append(endpoint)
    return yaml.safe_dump(held)


def _door(name: str, port: int) -> Any:
    proxy = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": f"door_{name}",
        "cluster": f"first_{name}",
    }
    chain = {"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}]}
    return {"name": f"door_{name}", "address": place(f"127.0.0.1:{port}"), "filter_chains": [chain]}


@contextmanager
def edge_of(
    suite: Suite, replicas: Sequence[Replica], folder: Path, doors: Mapping[str, int] | None = None
) -> Iterator[int]:
    """A second edge of the suite that knows the replicas; its port."""
    first = suite.children()["envoy"]
    line = first.cmdline()
    before = yaml.safe_load(Path(line[line.index("-c") + 1]).read_text())
    port, config = free_port(), folder / "envoy.yaml"
    config.write_text(configuration(before, replicas, folder, port, doors or {}))
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
