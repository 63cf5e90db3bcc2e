"""Questions beside those of rivals: workload W1 (bench/w1.py), 10 M samples of 24 hours, through gRPC and the edge.

Each question (bench/dashboard.py) is asked 100 times, in turns with the rivals; told is the median in milliseconds. We
keep no answers; VictoriaMetrics is asked not to (`nocache`). `.cpu` is what all processes of a side spend on a call,
the edge apart; `.clients8` are eight clients at once; `.under_intake` one client beside 200,000 new samples a second,
told beside a VictoriaMetrics that rests. `.again` is the whole dashboard asked for what has changed, each time after
new samples of every series, beside a VictoriaMetrics with its cache on; `.fresh` the time from the acknowledgement of
a sample until it is in an answer (99th percentile); `.growth` what the dashboard takes over ten days to what it takes
over one of them; `.snapshot` the first picture of the live dashboard (99th percentile) with 10 M events stored.

BINNACLE_BENCH_SAMPLES (10000000) and BINNACLE_BENCH_EVENTS (10000000) make it shorter, BINNACLE_BENCH_ONLY
(`questions`, `growth`, `snapshot`, several parted by commas) chooses parts; with BINNACLE_BENCH_LONG=1 the questions
are asked of 100 M samples too.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

import numpy as np

from bench import (
    column_senders,
    http_load,
    query_again,
    query_growth,
    query_live,
    query_snapshot,
    remote_write,
    rivals,
    suite_load,
    w1,
)
from bench.dashboard import QUESTIONS
from bench.intake import REMOTE_WRITE
from bench.query_sides import Side, Taken, in_turns, median, of_rival, one_by_one, ours
from bench.report import Result, note, tell
from bench.rivals import Missing, Rival
from tests.support.suite import Suite

LONG_SAMPLES = 100_000_000
SETTLE_SECONDS = 3.0
VICTORIA = "victoriametrics"
GOAL = 1.0
Start = Callable[[], AbstractContextManager[Rival]]


def run() -> None:
    """Measure and tell. Raises WrongCount when an answer is not what it should be."""
    only = set(filter(None, os.environ.get("BINNACLE_BENCH_ONLY", "").split(",")))
    samples = int(os.environ.get("BINNACLE_BENCH_SAMPLES", "10000000"))
    if not only or "questions" in only:
        _questions(samples, "")
        if os.environ.get("BINNACLE_BENCH_LONG") == "1":
            _questions(LONG_SAMPLES, ".100m")
    if not only or "growth" in only:
        query_growth.measure()
    if not only or "snapshot" in only:
        query_snapshot.measure()


def _questions(samples: int, suffix: str) -> None:
    with ExitStack() as running:
        sides = [
            *running.enter_context(_rival(rivals.victoria_metrics, samples, 2, "&nocache=1")),
            *running.enter_context(_rival(rivals.prometheus, samples, 1, "")),
        ]
        suite = running.enter_context(suite_load.fresh_suite())
        target, workload = suite_load.target(suite), w1.W1(samples, query_live.now_ms())
        messages = asyncio.run(column_senders.prepared(target, workload.grouped()))
        suite_load.measured(suite, "total_metrics", samples, lambda: column_senders.send_fast(target, messages))
        messages.clear()
        query_growth.wait_minutes(workload.end_ms)
        for name, question in QUESTIONS.items():
            _tell(name, in_turns([ours(suite, workload.end_ms), *sides], question), suffix)
        if not suffix:
            _while_more_comes(suite, sides)


def _while_more_comes(suite: Suite, sides: Sequence[Side]) -> None:
    """The questions again after new samples, and beside full intake."""
    target, victoria = suite_load.target(suite), [side for side in sides if side.name == VICTORIA]
    asyncio.run(query_again.measure(target, victoria[0].url if victoria else None))
    asyncio.run(query_live.fresh(target))
    with query_live.intake(target):
        for name, question in QUESTIONS.items():
            taken = one_by_one([ours(suite, query_live.now_ms()), *victoria], question)
            _tell_one(f"query.{name}.under_intake", taken, lambda each: median(each.alone))


@contextmanager
def _rival(start: Start, samples: int, connections: int, options: str) -> Iterator[list[Side]]:
    """A rival that holds the workload; none when it cannot be had."""
    with ExitStack() as running:
        try:
            rival = running.enter_context(start())
        except Missing as why:
            note(f"{rivals.DROPPED_BY}{why}")
            yield []
            return
        workload = w1.W1(samples, query_live.now_ms())
        bodies = remote_write.bodies(workload.grouped(), w1.TIMESTAMPS_A_BATCH)
        http_load.post_all(f"{rival.url}/api/v1/write", bodies, REMOTE_WRITE, connections)
        bodies.clear()
        time.sleep(SETTLE_SECONDS)
        yield [of_rival(rival, workload.end_ms, options)]


def _tell(name: str, taken: Mapping[str, Taken], suffix: str) -> None:
    goal = None if suffix else GOAL
    _tell_one(f"query.{name}{suffix}", taken, lambda each: median(each.alone), goal)
    _tell_one(f"query.{name}.cpu{suffix}", taken, lambda each: each.cpu_a_call)
    _tell_one(f"query.{name}.clients8{suffix}", taken, lambda each: median(each.together))
    p99 = float(np.percentile(taken["ours"].alone, 99))
    tell(Result(f"query.{name}.p99{suffix}", p99, "ms"))
    for side, each in taken.items():
        if side != "ours":
            tell(Result(f"query.{name}.{side}{suffix}", median(each.alone), "ms"))


def _tell_one(
    name: str, taken: Mapping[str, Taken], figure: Callable[[Taken], float], goal: float | None = None
) -> None:
    value = figure(taken["ours"])
    rival = figure(taken[VICTORIA]) if VICTORIA in taken else None
    tell(Result(name, value, "ms", rival, None if rival is None else value / rival, goal))
