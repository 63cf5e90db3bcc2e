"""Two workers take in points behind one edge: killed under load, and changed in number, each point still once."""

import asyncio
import tempfile
from pathlib import Path

import pytest

from binnacle.metrics.v1.metrics_pb2 import SeriesDefinition
from binnacle_client import Client
from tests.integration.test_kill import run
from tests.support.books import judge
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(300)]

TWO = ("--no-agent", "--workers", "2")
WORKERS = ("collector", "collector-1")


def taken_by(suite: Suite, worker: str) -> float:
    """Points that a worker has accepted in its present life."""
    lines = suite.http.get("/metrics").text.splitlines()
    named = [line for line in lines if line.startswith("binnacle_collector_points_accepted_total")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in named if f'process="{worker}"' in line)


def test_killed_under_load_each_point_counts_once() -> None:
    with running_suite(TWO) as suite:
        assert set(suite.health()["components"]) >= set(WORKERS)
        kills = [lambda _load, name=name: suite.kill(name) for name in (*WORKERS, *WORKERS)]
        load, watcher = run(suite, kills)  # type: ignore[arg-type]
        for worker in WORKERS:
            eventually_sync(lambda: _takes(suite, worker), f"{worker} takes its part")  # noqa: B023 - called at once
        judge(suite, load)
        assert watcher.faults == []


def _takes(suite: Suite, worker: str) -> bool:
    suite.post("/events", {"type": "mark", "service": "mark"})
    return taken_by(suite, worker) > 0


def test_a_repetition_counts_once_whichever_takes_it_and_their_number_may_change() -> None:
    with tempfile.TemporaryDirectory(prefix="binnacle-test-") as folder:
        data = Path(folder) / "data"
        with Suite(data, TWO) as suite:
            for _time in range(20):
                suite.http.post(
                    "/events", json={"type": "request", "service": "twice"}, headers={"Idempotency-Key": "x"}
                )
            for worker in WORKERS:
                # A busy one may not tell its figures in time.
                eventually_sync(lambda: taken_by(suite, worker) > 0, f"{worker} has taken some")  # noqa: B023 - called at once
            ids = asyncio.run(registered(suite))
            eventually_sync(lambda: suite.get("/events", service="twice")["count"] == 1, "it is stored once")
            # What comes now stays in the journals.
            suite.kill("aggregator")
            late = [suite.http.post("/events", json={"type": "request", "service": "late"}) for _time in range(40)]
            taken = sum(answer.status_code == 200 for answer in late)
            suite.kill("aggregator")
        with Suite(data) as suite:
            eventually_sync(lambda: suite.get("/events", service="late")["count"] == taken, "all are stored", within=60)
            assert suite.get("/events", service="twice")["count"] == 1
            eventually_sync(lambda: not (data / "collector-1").exists(), "the former worker's journal is gone")
            assert asyncio.run(registered(suite)) == ids


async def registered(suite: Suite) -> list[int]:
    async with Client(suite.url.removeprefix("http://")) as client:
        return list(await client.metrics.register([SeriesDefinition(name="depth")]))
