"""The suite under a load: what is sent, what it costs each of its processes until it rests, what lies on disk."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bench import processor
from bench.report import note
from tests.support.suite import Suite, running_suite

EDGE = "envoy"
COMMITTED_SECONDS = 1_800.0
REST_SECONDS = 180.0
LOOK_SECONDS = 1.0
SETTLE_SECONDS = 12.0
QUIET_LOOKS = 3
# Workload W1 begins 24 hours ago.
ENVIRONMENT = {"BINNACLE_CLOCK_SKEW_HOURS": "30"}

Answer = TypeVar("Answer")


class WrongCount(Exception):
    """The store does not hold exactly what was acknowledged, or something was refused."""


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds by process from the first message until the suite rests, and seconds until all was stored."""

    cpu: Mapping[str, float]
    stored_seconds: float

    @property
    def edge(self) -> float:
        """Of the edge."""
        return self.cpu[EDGE]

    @property
    def ours(self) -> float:
        """Of everything else."""
        return sum(seconds for name, seconds in self.cpu.items() if name != EDGE)


@contextmanager
def fresh_suite() -> Iterator[Suite]:
    """A suite of its own for one load, without agent and demo."""
    with running_suite(environment=ENVIRONMENT) as suite:
        yield suite


def target(suite: Suite) -> str:
    """Where gRPC clients reach it."""
    return suite.url.removeprefix("http://")


def measured(suite: Suite, counted: str, count: int, send: Callable[[], Awaitable[Answer]]) -> tuple[Answer, Spent]:
    """Send, wait until `counted` of `GET /stats` has grown by `count`, and until nothing is left to be done."""
    processes = {name: child.pid for name, child in suite.children().items()}
    held = suite.get("/stats")[counted]
    before, began = processor.spent_by(processes), time.monotonic()

    async def sending() -> Answer:
        return await send()

    answer = asyncio.run(sending())
    wait_stored(suite, counted, held + count)
    stored = time.monotonic()
    _wait_rest(processes, stored)
    spent = Spent(processor.difference(processor.spent_by(processes), before), stored - began)
    if suite.get("/stats")[counted] != held + count:
        raise WrongCount(f"{counted} went on changing")
    return answer, spent


def wait_stored(suite: Suite, counted: str, expected: float) -> None:
    """Return when `counted` of `GET /stats` is as expected. Raises WrongCount when it is more, or not in time."""
    deadline = time.monotonic() + COMMITTED_SECONDS
    while (found := suite.get("/stats")[counted]) != expected:
        if found > expected or time.monotonic() > deadline:
            raise WrongCount(f"{counted} is {found:.0f}, and {expected:.0f} were acknowledged")
        time.sleep(0.2)


def wait_rest(suite: Suite) -> None:
    """Return when what was sent before is stored, merged and rolled up."""
    _wait_rest({name: child.pid for name, child in suite.children().items()}, time.monotonic())


def _wait_rest(processes: dict[str, int], stored: float) -> None:
    """Return when merges and roll-ups are done; they begin at most 10 seconds after the last row was stored."""
    former, quiet = processor.spent_by(processes), 0
    while quiet < QUIET_LOOKS or time.monotonic() < stored + SETTLE_SECONDS:
        if time.monotonic() > stored + REST_SECONDS:
            note(f"not at rest after {REST_SECONDS:.0f} s; the CPU of what it still does is left out")
            return
        time.sleep(LOOK_SECONDS)
        now = processor.spent_by(processes)
        spending = processor.difference(now, former).values()
        quiet = quiet + 1 if processor.is_quiet(spending, LOOK_SECONDS) else 0
        former = now


_DISK = """
import sys
from services.aggregator.adapters.clickhouse.engine.engines import open_engine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
engine = open_engine(f"chdb://{sys.argv[1]}")
for table, rows, size in engine.query(Statement(
    "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active GROUP BY table"
)):
    print(table, int(rows), int(size))
[[rolled]] = engine.query(Statement("SELECT sum(count) FROM rollup_minutes FINAL"))
print("rolled", int(rolled), 0)
"""


def tables_on_disk(data_dir: Path) -> dict[str, tuple[int, int]]:
    """Rows and bytes of each table of a stopped suite; `rolled` counts the samples that its minutes come to."""
    store = data_dir / "aggregator" / "chdb"
    told = subprocess.run([sys.executable, "-c", _DISK, str(store)], check=True, capture_output=True, text=True).stdout
    return {table: (int(rows), int(size)) for table, rows, size in (line.split() for line in told.splitlines())}
