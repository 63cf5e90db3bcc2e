"""The way in, beside its rivals: workload W1 (bench/w1.py), 10 M samples; BINNACLE_BENCH_LONG=1 adds 100 M (`.100m`).

Every load runs on a fresh suite without agent and demo, through the edge, as fast as it is acknowledged. CPU is that of
all our processes, the edge apart (told beside, `.edge`), from the first message until merges and roll-ups are done (of
minutes, and of hours and days that have ended), 12 seconds after the last row was stored at the soonest; a rival's
until ten seconds after its last request. Bodies are made before the clock starts. BINNACLE_BENCH_SAMPLES (10000000)
makes it shorter, BINNACLE_BENCH_ONLY (grouped, flat, ack, otlp, events, json; several parted by commas) chooses.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import numpy as np

from bench import column_senders, http_load, intake_events, otlp, processor, remote_write, rivals, suite_load, w1
from bench.report import Result, note, tell
from bench.rivals import Missing, Rival

MILLION = 1e6
PER_MILLION = "CPU s per million"
REMOTE_WRITE = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
SETTLE_SECONDS = 10.0
ACK_SECONDS = 10.0
ACK_MESSAGES_A_SECOND = 500
GOALS = {"grouped": 0.8, "flat": 0.5}

Start = Callable[[], AbstractContextManager[Rival]]


def run() -> None:
    """Measure and tell. Raises WrongCount when a count is not right."""
    samples = int(os.environ.get("BINNACLE_BENCH_SAMPLES", "10000000"))
    rival = _run(samples, "")
    steps: dict[str, Callable[[], None]] = {
        "ack": _acknowledgements,
        "otlp": lambda: otlp.run(samples, rival.get("flat")),
        "events": intake_events.batches,
        "json": intake_events.json,
    }
    for name, step in steps.items():
        if _is_wanted(name):
            step()
    if os.environ.get("BINNACLE_BENCH_LONG"):
        _run(10 * samples, ".100m")


def _is_wanted(name: str) -> bool:
    chosen = os.environ.get("BINNACLE_BENCH_ONLY", "")
    return not chosen or name in chosen.split(",")


def _run(samples: int, suffix: str) -> dict[str, float | None]:
    """The layouts; what VictoriaMetrics took for each."""
    costs: dict[str, float | None] = {}
    workload = w1.W1(samples, int(time.time() * 1000))
    for layout, batches, entry in (
        ("grouped", workload.grouped, w1.TIMESTAMPS_A_BATCH),
        ("flat", workload.flat, 1),
    ):
        if not _is_wanted(layout):
            continue
        bodies = remote_write.bodies(batches(), entry)
        rival, disk = _rival(layout, rivals.victoria_metrics, bodies, 2, suffix)
        costs[layout] = rival
        _rival(layout, rivals.prometheus, bodies, 1, suffix)
        bodies.clear()
        _ours(layout, workload, batches(), suffix, rival, disk)
    return costs


def _rival(
    layout: str, start: Start, bodies: list[bytes], connections: int, suffix: str
) -> tuple[float | None, float | None]:
    """CPU seconds per million and bytes a sample of a rival; None when it cannot be had."""
    millions = len(bodies) * w1.BATCH / MILLION
    try:
        with start() as rival:
            before = processor.spent(rival.pid)
            seconds = http_load.post_all(f"{rival.url}/api/v1/write", bodies, REMOTE_WRITE, connections)
            time.sleep(SETTLE_SECONDS)
            cost = (processor.spent(rival.pid) - before) / millions
            disk = sum(file.stat().st_size for file in (rival.folder / "data").rglob("*") if file.is_file())
    except Missing as why:
        note(f"no rival beside it: {why}")
        return None, None
    name = f"intake.{layout}{suffix}.{rival.name.lower()}"
    tell(Result(f"{name}.cpu", cost, PER_MILLION))
    tell(Result(f"{name}.rate", millions * MILLION / seconds, "samples/s"))
    return cost, disk / MILLION / millions


def _ours(
    layout: str,
    workload: w1.W1,
    batches: Iterator[w1.Batch],
    suffix: str,
    rival: float | None,
    rival_disk: float | None,
) -> None:
    millions = workload.samples / MILLION
    with suite_load.fresh_suite() as suite:
        target = suite_load.target(suite)
        messages = asyncio.run(column_senders.prepared(target, batches))
        accepted, spent = suite_load.measured(
            suite, "total_metrics", workload.samples, lambda: column_senders.send_fast(target, messages)
        )
        messages.clear()
        suite.stop()
        tables = suite_load.tables_on_disk(suite.data_dir)
    if accepted != workload.samples or tables["samples"][0] != workload.samples:
        raise suite_load.WrongCount(f"{accepted} accepted, {tables['samples'][0]} stored of {workload.samples}")
    # The minute that runs is not rolled up, nor is what was said to be late.
    if tables["rolled"][0] < 0.99 * workload.samples:
        raise suite_load.WrongCount(f"roll-ups of {tables['rolled'][0]} samples are within the figures only")
    cost = spent.ours / millions
    goal = None if suffix else GOALS[layout]
    tell(Result(f"intake.{layout}.cpu{suffix}", cost, PER_MILLION, rival, _ratio(cost, rival), goal))
    for name, seconds in sorted(spent.cpu.items()):
        shown = "edge" if name == suite_load.EDGE else name
        tell(Result(f"intake.{layout}.cpu.{shown}{suffix}", seconds / millions, PER_MILLION))
    tell(Result(f"intake.{layout}.stored{suffix}", workload.samples / spent.stored_seconds, "samples/s"))
    if layout == "grouped":
        _tell_disk(tables, workload.samples, suffix, rival_disk)


def _tell_disk(tables: dict[str, tuple[int, int]], samples: int, suffix: str, rival: float | None) -> None:
    size = tables["samples"][1] / samples
    tell(Result(f"intake.disk{suffix}", size, "bytes a sample", rival, _ratio(size, rival), None if suffix else 1.25))
    for table, (_rows, taken) in sorted(tables.items()):
        if table.startswith("rollup"):
            tell(Result(f"intake.disk.{table}{suffix}", taken / samples, "bytes a sample"))


def _acknowledgements() -> None:
    """Half a million samples a second in messages of 1,000, one timestamp of each series a message."""
    count = int(ACK_SECONDS * ACK_MESSAGES_A_SECOND)
    workload = w1.W1(count * w1.SERIES, int(time.time() * 1000))
    with suite_load.fresh_suite() as suite:
        target = suite_load.target(suite)
        messages = asyncio.run(column_senders.prepared(target, workload.scrapes()))
        sending = column_senders.acknowledgement_times(target, messages, ACK_MESSAGES_A_SECOND)
        took = np.array(asyncio.run(sending)) * 1_000
    tell(Result("intake.ack.p50", float(np.percentile(took, 50)), "ms", goal=1.0))
    tell(Result("intake.ack.p99", float(np.percentile(took, 99)), "ms", goal=8.0))


def _ratio(ours: float, rival: float | None) -> float | None:
    return None if rival is None else ours / rival
