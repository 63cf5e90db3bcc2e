"""The whole path: client, Envoy, collector (journal, fsync), aggregator (windows, ClickHouse), counted by `GET /stats`.

A suite without demo and agent runs in a fresh folder. Points go as columns of registered series, 10,000 a message,
through one stream; then events, 1,000 a request, four requests at a time. Each for BINNACLE_BENCH_SECONDS (10), as fast
as they are acknowledged, or at BINNACLE_BENCH_POINTS_RATE and BINNACLE_BENCH_EVENTS_RATE a second. Then it waits until
the store holds exactly what was acknowledged, and until merges are done.

Read the figures with this in mind:
- The sender runs on the same machine and takes CPU from the suite (told as `.cpu.sender`), so the rates are this
  machine's, shared; CPU seconds per million are the figures to compare.
- CPU is counted from the first message until the suite is quiet, idle work of the six processes included; `.cpu.total`
  is theirs, the sender's apart.
- Points carry times of the last 23 hours, in order, so that none is sent twice; hardly any falls into the live windows.
- Series are registered before the clock starts; JSON intake, OTLP, queries and viewers are not part of it.
- One run, no rival beside it: `baseline` is null.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from bench import processor
from bench.report import Result, note, tell
from bench.senders import Pace, Sent, send_events, send_points
from tests.support.suite import Suite, running_suite

COMMITTED_WITHIN_SECONDS = 120.0
QUIET_WITHIN_SECONDS = 60.0
LOOK_SECONDS = 1.0
SENDER = "sender"
MILLION = 1e6

Send = Callable[[str, Pace], Coroutine[None, None, Sent]]


class WrongCount(Exception):
    """The store does not hold exactly what was acknowledged, or something was refused."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One load from its first message until the suite is quiet; CPU seconds by process."""

    sent: Sent
    committed_seconds: float
    cpu: dict[str, float]


def run() -> None:
    """Measure and tell. Raises WrongCount."""
    pace = Pace.from_environment()
    with running_suite() as suite:
        note(f"suite at {suite.url}")
        _tell("points", _measure(suite, pace, "total_metrics", send_points))
        _tell("events", _measure(suite, pace, "total_events", send_events))


def _measure(suite: Suite, pace: Pace, counted: str, send: Send) -> Measured:
    processes = {name: child.pid for name, child in suite.children().items()} | {SENDER: os.getpid()}
    _wait_quiet(processes)
    held = suite.get("/stats")[counted]
    before, began = processor.spent_by(processes), time.monotonic()
    sent = asyncio.run(send(suite.url.removeprefix("http://"), pace))
    if not sent.acknowledged:
        raise WrongCount("nothing was acknowledged in time: give it more BINNACLE_BENCH_SECONDS")
    if sent.rejected:
        raise WrongCount(f"{sent.rejected} were refused")
    _wait_committed(suite, counted, held + sent.acknowledged)
    committed = time.monotonic() - began
    _wait_quiet(processes)
    cpu = processor.difference(processor.spent_by(processes), before)
    if suite.get("/stats")[counted] != held + sent.acknowledged:
        raise WrongCount(f"{counted} went on changing")
    return Measured(sent, committed, cpu)


def _wait_committed(suite: Suite, counted: str, expected: float) -> None:
    deadline = time.monotonic() + COMMITTED_WITHIN_SECONDS
    while (found := suite.get("/stats")[counted]) != expected:
        if found > expected or time.monotonic() > deadline:
            raise WrongCount(f"{counted} is {found:.0f}, and {expected:.0f} were acknowledged")
        time.sleep(0.1)


def _wait_quiet(processes: dict[str, int]) -> None:
    """Return when the suite rests: what was merged is merged."""
    deadline = time.monotonic() + QUIET_WITHIN_SECONDS
    former = processor.spent_by(processes)
    while time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        now = processor.spent_by(processes)
        spending = processor.difference(now, former)
        if processor.is_quiet([spending[name] for name in spending if name != SENDER], LOOK_SECONDS):
            return
        former = now
    note(f"not quiet after {QUIET_WITHIN_SECONDS:.0f} s; the CPU of what it still does is left out")


def _tell(name: str, measured: Measured) -> None:
    sent, millions = measured.sent, measured.sent.acknowledged / MILLION
    tell(Result(f"e2e.{name}.count", sent.acknowledged, name))
    tell(Result(f"e2e.{name}.acknowledged", sent.acknowledged / sent.seconds, f"{name}/s"))
    tell(Result(f"e2e.{name}.committed", sent.acknowledged / measured.committed_seconds, f"{name}/s"))
    for process, seconds in sorted(measured.cpu.items()):
        tell(Result(f"e2e.{name}.cpu.{process}", seconds / millions, "CPU s per million"))
    total = sum(seconds for process, seconds in measured.cpu.items() if process != SENDER)
    tell(Result(f"e2e.{name}.cpu.total", total / millions, "CPU s per million"))
