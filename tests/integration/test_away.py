"""A neighbour is away, hanging or gone: intake goes on, within bounds, and everything arrives once when it is back."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from binnacle.aggregator.v1 import query_service_pb2, query_service_pb2_grpc
from binnacle.collector.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from binnacle.events.v1 import events_pb2
from services.runtime.channels import open_channel
from tests.support import stopped_store
from tests.support.books import judge
from tests.support.lanes import SERVICE, Lanes
from tests.support.outages import MIB, drained, hanging, memory, patience
from tests.support.service_process import service_process
from tests.support.services import socket_address
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually, eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(900)]

OUTAGE_SECONDS = 60.0
JOURNAL_BYTES = 16 * MIB
SETTINGS = {"BINNACLE_JOURNAL_MAX_BYTES": str(JOURNAL_BYTES)}
# What a process may grow by, whatever waits: what is in flight, and the newest records.
GROWTH_MIB = 160.0
PARTS = 5


def bulk(count: int, size: int) -> object:
    """So many log lines of a size."""
    return [{"service": SERVICE, "message": "x" * size} for _line in range(count)]


@contextmanager
def pouring(suite: Suite, body: Callable[[], object]) -> Iterator[list[int]]:
    """Logs as fast as they are taken, for the length of the block; the statuses of the answers."""
    stopping = threading.Event()
    answers: list[int] = []

    def pour() -> None:
        with httpx.Client(base_url=suite.url, timeout=20) as client:
            while not stopping.wait(0.02):
                answers.append(client.post("/logs", json=body()).status_code)

    thread = threading.Thread(target=pour, name="pour")
    thread.start()
    try:
        yield answers
    finally:
        stopping.set()
        thread.join()


def disk(folder: Path) -> int:
    """Bytes that files of a folder take."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def test_the_aggregator_hangs(scale: float) -> None:
    outage = OUTAGE_SECONDS * scale
    with running_suite(environment=SETTINGS) as suite, Lanes(suite, pause=0) as load:
        load.wait_for_more(50)
        before = memory(suite)
        with hanging(suite, "aggregator"):
            load.wait_for_more(20)
            taken = load.total()
            time.sleep(outage)
            arrived = load.total() - taken
            grown = memory(suite)["collector"] - before["collector"]
        # While as much goes on arriving, what waits is gone in the time it took to arrive: twice the rate.
        drained(suite, within=patience(max(outage, 5.0) + 10.0))
        assert load.refused == []
        assert arrived > 10 * outage / patience(1)
        assert grown < GROWTH_MIB
        assert disk(suite.data_dir / "collector") < 2 * JOURNAL_BYTES
        load.stop()
        judge(suite, load)


async def test_the_aggregator_is_gone(tmp_path: Path, scale: float) -> None:
    outage = OUTAGE_SECONDS * scale
    collector, aggregator = socket_address("collector"), socket_address("aggregator")
    shared = {"AGGREGATOR": aggregator, "DATA_DIR": str(tmp_path)}
    async with service_process("collector", {**shared, "LISTEN": collector}), open_channel(collector) as channel:
        intake = ingest_service_pb2_grpc.IngestServiceStub(channel)
        sent = 0
        deadline = time.monotonic() + outage
        while time.monotonic() < deadline:
            events = [events_pb2.Event(type="away", user_id=f"user-{sent + n}") for n in range(100)]
            sent += (await intake.WriteEvents(ingest_service_pb2.WriteEventsRequest(events=events))).accepted
        assert sent > 100 * outage / patience(1)
        async with service_process("aggregator", {**shared, "LISTEN": aggregator}), open_channel(aggregator) as store:
            queries = query_service_pb2_grpc.QueryServiceStub(store)

            async def arrived() -> bool:
                found = await queries.ListTrackedEvents(query_service_pb2.ListTrackedEventsRequest(type="away"))
                return bool(found.count == sent)

            # Half the time it took to arrive, and what it takes to notice that the aggregator is back.
            await eventually(arrived, f"all {sent} are stored", within=patience(outage / 2 + 15.0))


def test_the_journal_is_full(scale: float) -> None:
    with running_suite(environment=SETTINGS) as suite:
        before = memory(suite)
        kept = 0
        with hanging(suite, "aggregator"):
            refusals = 0
            # Said so at once, with a time to come back, and again.
            while refusals < 2:
                answer = suite.http.post("/logs", json=bulk(100, 5_000))
                kept += 100 * answer.is_success
                assert answer.is_success or refused(answer), answer.text
                refusals += not answer.is_success
            assert memory(suite)["collector"] - before["collector"] < GROWTH_MIB
            assert disk(suite.data_dir / "collector") < 2 * JOURNAL_BYTES
        # Nobody has to do anything: it takes again what it refused.
        eventually_sync(lambda: suite.http.post("/events", json={"type": "again"}).is_success, "it takes again", 60)
        drained(suite, within=60)
        eventually_sync(lambda: suite.get("/stats")["total_events"] >= 1, "the store has it", 60)
        assert suite.stop() == 0
        assert stopped_store.count(suite.data_dir, "logs") == kept


def refused(answer: httpx.Response) -> bool:
    """Whether an answer is a refusal for now."""
    if answer.status_code in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["message"]
        return True
    return False


def latency(suite: Suite, count: int) -> float:
    """The median of posts in seconds, of several parts of so many the best: what else runs here comes and goes.

    Each must succeed.
    """
    answers = [suite.http.post("/events", json={"type": "probe", "service": SERVICE}) for _post in range(count)]
    assert {answer.status_code for answer in answers} == {httpx.codes.OK}
    took = [answer.elapsed.total_seconds() for answer in answers]
    size = count // PARTS
    return min(statistics.median(took[begin : begin + size]) for begin in range(0, size * PARTS, size))


def test_redis_is_away(scale: float) -> None:
    count = max(200, round(2_000 * scale))
    with running_suite() as suite:
        latency(suite, 50)
        usual = latency(suite, count)
        with hanging(suite, "redis"):
            hung = latency(suite, count)
        stopping = threading.Event()
        killer = threading.Thread(target=keep_killed, args=(suite, "redis", stopping), name="killer")
        killer.start()
        try:
            gone = latency(suite, count)
        finally:
            stopping.set()
            killer.join()
        # The same within what a shared machine makes of it; who waited for Redis would wait for a second.
        assert max(hung, gone) < patience(2 * usual + 0.02), (usual, hung, gone)
        drained(suite, within=60)


def keep_killed(suite: Suite, name: str, stopping: threading.Event) -> None:
    """Kill a process whenever it is there."""
    while not stopping.wait(0.2):
        child = suite.children().get(name)
        if child is not None:
            with suppress(psutil.NoSuchProcess):
                child.kill()
