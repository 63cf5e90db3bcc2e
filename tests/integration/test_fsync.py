"""The journal is on disk before the answer leaves: seen from outside, call by call."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from binnacle.collector.v1 import json_intake_service_pb2 as json_pb, json_intake_service_pb2_grpc
from services.runtime.channels import open_channel
from tests.component.collector.collectors import body
from tests.support.service_process import service_process
from tests.support.services import socket_address
from tests.support.tracing import can_trace
from tests.support.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]

CALLS = "fsync,fdatasync,msync,pwrite64,pwritev,write,writev,sendmsg,sendto"
# Stands in the answer alone.
IN_THE_ANSWER = "events[1].type"


@asynccontextmanager
async def traced(pid: int, told: Path) -> AsyncIterator[None]:
    """Write down the calls of a process for the length of the block."""
    options = ("-f", "-y", "-s", "2000", "-e", f"trace={CALLS}", "-o", str(told), "-p", str(pid))
    tracer = await asyncio.create_subprocess_exec("strace", *options, stderr=asyncio.subprocess.PIPE)
    assert tracer.stderr is not None
    try:
        assert b"attached" in await asyncio.wait_for(tracer.stderr.readline(), 20)
        yield
    finally:
        tracer.terminate()
        await tracer.communicate()


def finished(lines: Iterable[str]) -> list[str]:
    """Calls in the order they ended; one that another thread's interrupted is put together again."""
    begun: dict[str, str] = {}
    calls = []
    for line in lines:
        thread, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[thread] = call
        elif call.startswith("<... "):
            calls.append(begun.pop(thread, "") + call)
        else:
            calls.append(call)
    return calls


async def test_the_answer_leaves_after_the_journal_is_on_disk(tmp_path: Path) -> None:
    if not can_trace():
        pytest.skip("needs strace, and leave to use it")
    listen = socket_address("collector")
    settings = {"LISTEN": listen, "AGGREGATOR": socket_address("nobody"), "DATA_DIR": str(tmp_path)}
    async with service_process("collector", settings) as process, open_channel(listen) as channel:
        intake = json_intake_service_pb2_grpc.JsonIntakeServiceStub(channel)
        # Half of it is refused, so that the answer has words to be known by.
        request = json_pb.PostEventsRequest(content=body('[{"type":"kept"},{"type":""}]'))
        # Not so of the first: a refusal is written down a while later, which is not to be seen.
        await intake.PostEvents(json_pb.PostEventsRequest(content=body('[{"type":"kept"}]')))
        told = tmp_path / "calls"
        async with traced(process.pid, told):
            assert (await intake.PostEvents(request)).accepted == 1

            async def answered() -> bool:
                return IN_THE_ANSWER in told.read_text()

            await eventually(answered, "the trace holds the answer", within=20)
    calls = finished(told.read_text().splitlines())
    answer = next(place for place, call in enumerate(calls) if IN_THE_ANSWER in call)
    # What follows is no part of it: the refusal is written down, too.
    journal = [(place, call) for place, call in enumerate(calls[:answer]) if "/collector/data.mdb>" in call]
    written = [place for place, call in journal if re.match(r"p?write", call)]
    durable = [place for place, call in journal if re.match(r"f(data)?sync|msync", call) and call.endswith("= 0")]
    assert written, calls
    assert min(written) < min(durable) < answer, calls
    # The page that makes the transaction count follows when its data are on disk, by a file that waits for the disk.
    assert min(durable) < max(written) < answer, calls
