"""Ten times what a collector is configured for: it goes on at its capacity, as fast as before, in as much memory."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from services.collector.adapters.lmdb_journal import TAIL_BYTES
from tests.component.collector.aggregators import LedgerPeer
from tests.support.load import request
from tests.support.services import neighbour, socket_address

pytestmark = [pytest.mark.network, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(900)]

CAPACITY = 2_000
POINTS = 100
SENDERS = 2
ROUNDS, MOST_ROUNDS = 3, 8
MOST_TIMES = 5
MIB = 1024 * 1024
# On a machine that is busy with other things as well, less than this is noise.
NOISE_MS = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """What senders saw together: points accepted a second, 99th percentile of their latencies, answers by code.

    `seconds` passed until the last answer.
    """

    goodput: float
    p99_ms: float
    codes: dict[str, int]
    seconds: float


@asynccontextmanager
async def collector_process(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """A collector as a process of its own; its address and process id."""
    address = socket_address("collector")
    async with neighbour(LedgerPeer().registration) as aggregator:
        settings = {
            "LISTEN": address,
            "AGGREGATOR": aggregator,
            "DATA_DIR": str(folder),
            "CAPACITY_POINTS_PER_SECOND": str(CAPACITY),
            "LOG_LEVEL": "warning",
        }
        environment = {**os.environ, **{f"BINNACLE_{name}": value for name, value in settings.items()}}
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.collector", env=environment)
        try:
            async with asyncio.timeout(30), grpc.aio.insecure_channel(address) as channel:
                await channel.channel_ready()
            yield address, process.pid
        finally:
            process.terminate()
            await process.wait()


async def send(address: str, points_per_second: float, seconds: float) -> Told:
    """Send from processes of their own, whether answers come or not; again where they could not keep their pace."""
    for _time in range(MOST_TIMES):
        told = await sent(address, points_per_second, seconds)
        if told is not None:
            return told
    raise AssertionError("the senders could not keep their pace")


async def sent(address: str, points_per_second: float, seconds: float) -> Told | None:
    """Send once; none where the machine had no room for it."""
    pace = points_per_second / POINTS / SENDERS
    options = ("--pace", str(pace), "--seconds", str(seconds), "--points", str(POINTS))
    senders = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.load", address, *options, stdout=asyncio.subprocess.PIPE
        )
        for _sender in range(SENDERS)
    ]
    told = [json.loads((await sender.communicate())[0]) for sender in senders]
    if min(each["kept"] for each in told) < 0.9:
        return None
    latencies = sorted(latency for each in told for latency in each["accepted_ms"])
    codes = {code: sum(each["codes"].get(code, 0) for each in told) for each in told for code in each["codes"]}
    p99_ms = latencies[int(len(latencies) * 0.99)]
    return Told(len(latencies) * POINTS / seconds, p99_ms, codes, max(each["seconds"] for each in told))


def anonymous_bytes(pid: int) -> int:
    """Memory of a process that no file backs: the journal's pages are the kernel's to keep."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the kernel tells no anonymous memory")


def is_as_fast(calm: list[Told], stormy: list[Told]) -> bool:
    """Whether the storm was within twice the calm, by the best of each: what else the machine does is not ours."""
    unloaded = min(told.p99_ms for told in calm)
    return min(told.p99_ms for told in stormy) < 2 * max(unloaded, NOISE_MS)


async def test_at_ten_times_its_capacity_it_goes_on_at_it(tmp_path: Path, scale: float) -> None:
    seconds = max(30 * scale, 3.0)
    async with collector_process(tmp_path) as (address, pid):
        await send(address, 2 * CAPACITY, 2.0)  # everything is loaded and warm
        calm: list[Told] = []
        stormy: list[Told] = []
        memory = [anonymous_bytes(pid)]
        while len(calm) < ROUNDS or (len(calm) < MOST_ROUNDS and not is_as_fast(calm, stormy)):
            calm.append(await send(address, 0.9 * CAPACITY, seconds))
            stormy.append(await send(address, 10 * CAPACITY, seconds))
            memory.append(anonymous_bytes(pid))
    for told in stormy:
        assert told.goodput > 0.9 * CAPACITY, stormy
        assert set(told.codes) == {"OK", "RESOURCE_EXHAUSTED"}, told.codes
        # On a machine that is busy answers take longer than the sending, and meanwhile there is room for more.
        assert told.codes["OK"] * POINTS < 1.3 * CAPACITY * max(told.seconds, seconds), told
        assert told.codes["RESOURCE_EXHAUSTED"] > told.codes["OK"], told.codes
    assert is_as_fast(calm, stormy), (calm, stormy)
    # The newest records stay in memory until they are many; what was refused leaves nothing.
    accepted = sum(told.codes["OK"] for told in [*calm, *stormy])
    offered = accepted + sum(told.codes.get("RESOURCE_EXHAUSTED", 0) for told in stormy)
    kept = min(accepted * len(request(POINTS)), TAIL_BYTES)
    assert memory[-1] - memory[0] < kept + 16 * MIB, (memory, accepted, offered)
