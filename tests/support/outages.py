"""What a suite goes through when a part of it is away, and how its processes bear it."""

import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

FRESH_SECONDS = 2.0
MIB = 1024 * 1024


@contextmanager
def hanging(suite: Suite, name: str) -> Iterator[psutil.Process]:
    """A process that neither works nor ends, for the length of the block."""
    child = suite.children()[name]
    child.send_signal(signal.SIGSTOP)
    try:
        yield child
    finally:
        # It may have been killed as it hung.
        with suppress(psutil.NoSuchProcess):
            child.send_signal(signal.SIGCONT)


def memory(suite: Suite) -> dict[str, float]:
    """Resident MiB of every process."""
    return {name: child.memory_info().rss / MIB for name, child in suite.children().items()}


def figures(suite: Suite) -> dict[str, float]:
    """The suite's own metrics, by name with labels; none while nobody tells them."""
    answer = suite.http.get("/metrics")
    told = answer.text.splitlines() if answer.is_success else []
    lines = [line.rsplit(" ", 1) for line in told if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def held(suite: Suite) -> float:
    """Records in the journal that the store has not committed."""
    return figure(suite, "binnacle_collector_journal_uncommitted_records")


def figure(suite: Suite, name: str) -> float:
    """One metric, whatever labels the streamer adds; NaN while the process that has it does not answer in time."""
    return next((value for key, value in figures(suite).items() if key.partition("{")[0] == name), math.nan)


def lag(suite: Suite) -> float:
    """Age of the oldest record that the store has not committed, in seconds."""
    return figure(suite, "binnacle_collector_forward_lag_seconds")


def drained(suite: Suite, within: float) -> float:
    """Seconds until nothing in the journal is older than what the hop takes anyway; fails when it takes longer.

    By age and not by number, since records may go on arriving at whatever rate the machine allows.
    """
    begun = time.monotonic()
    eventually_sync(lambda: lag(suite) < FRESH_SECONDS, "the journal is drained", within)
    return time.monotonic() - begun


def patience(seconds: float) -> float:
    """A time promised of a machine with nothing else to do, on this one as it is now."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
