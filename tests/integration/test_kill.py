"""Kill -9 under load, at random and at each step of a point's path: nothing acknowledged is lost or doubled."""

import math
import random
import subprocess
import time
from collections.abc import Callable, Sequence

import psutil
import pytest

from tests.support.books import MARKS, judge, rolled_up
from tests.support.lanes import SERVICE, WATCHED_TYPE, Lanes
from tests.support.outages import patience
from tests.support.stored import everything_is_stored
from tests.support.suite import CHILDREN, Suite, running_suite
from tests.support.tracing import can_trace
from tests.support.waiting import eventually_sync
from tests.support.watcher import Watcher

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(1800)]

READY_SECONDS = 30.0
FULL_ROUNDS = 50
# What a process does at each step, as the kernel sees it: the journal's pages, its fsync, the answer; a part of a table
# made, filled, made durable, put in its place, told of.
STEPS = (
    ("collector", "pwritev,pwrite64"),
    ("collector", "fdatasync,msync,fsync"),
    ("collector", "sendmsg"),
    ("aggregator", "mkdir,mkdirat"),
    ("aggregator", "write,pwrite64"),
    ("aggregator", "fsync,fdatasync"),
    ("aggregator", "rename,renameat,renameat2"),
    ("aggregator", "sendmsg"),
)


def kill_at_random(suite: Suite, load: Lanes, name: str, chance: random.Random) -> None:
    """Kill at a random moment after a request has left."""
    load.sending.clear()
    load.sending.wait(5)
    time.sleep(chance.uniform(0, 0.02))
    suite.kill(name)


def kill_at_step(suite: Suite, name: str, calls: str, nth: int) -> None:
    """Kill a process as it enters its nth system call of a kind from now on."""
    child = suite.children()[name]
    # The kernel sends the signal at the entry of the call: the step before it is done, the call itself is not.
    tracer = ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(child.pid), "-e", f"trace={calls}"]
    with subprocess.Popen(
        [*tracer, "-e", f"inject={calls}:signal=KILL:when={nth}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as strace:
        try:
            psutil.wait_procs([child], timeout=patience(60))
            assert not child.is_running(), f"{name} did not reach call {nth} of {calls}"
        finally:
            strace.terminate()


def run(
    suite: Suite, kills: Sequence[Callable[[Lanes], None]], *, until_rolled_up: bool = False
) -> tuple[Lanes, Watcher]:
    """Kill by kill under load; the books afterwards, when asked for with all roll-ups made."""
    load = Lanes(suite)
    with Watcher(suite, lambda: load.sent("request")) as watcher, load:
        for kill in kills:
            load.wait_for_more(20)
            kill(load)
            suite.wait_ready(patience(READY_SECONDS))
        load.wait_for_more(30)
        load.stop()
        everything_is_stored(suite, MARKS)
        expected = suite.get("/events", service=SERVICE, type="request")["count"]
        with_context(lambda: watcher.requests == expected, watcher, f"the watcher sees {expected} requests")
    if until_rolled_up:
        eventually_sync(lambda: rolled_up(suite), "all minutes are rolled up", within=180)
    return load, watcher


def with_context(condition: Callable[[], bool], watcher: Watcher, what: str) -> None:
    """Wait for what the watcher shall see, and tell what it saw."""
    try:
        eventually_sync(condition, what, within=20)
    except AssertionError as late:
        raise AssertionError(f"{late}; it sees {watcher.requests}") from late


def judge_watched(suite: Suite, load: Lanes, watcher: Watcher) -> None:
    """Every point once: in the raw tables, in what is made of them, and at the watcher."""
    rows = judge(suite, load)
    assert watcher.faults == []
    assert watcher.seen <= set(rows.events[WATCHED_TYPE])
    assert watcher.updates > 0


def test_killed_at_random(scale: float) -> None:
    chance = random.Random(20261120)
    rounds = max(5, round(FULL_ROUNDS * scale))
    names = [CHILDREN[number % len(CHILDREN)] for number in range(rounds)]
    chance.shuffle(names)
    with running_suite() as suite:
        kills = [lambda load, name=name: kill_at_random(suite, load, name, chance) for name in names]
        judge_watched(suite, *run(suite, kills, until_rolled_up=scale >= 1))


def test_killed_at_each_step(scale: float) -> None:
    if not can_trace():
        pytest.skip("needs strace, and leave to use it")
    chance = random.Random(7)
    turns = math.ceil(FULL_ROUNDS * scale / len(STEPS))
    steps = [step for _turn in range(turns) for step in STEPS]
    with running_suite() as suite:
        kills = [
            lambda _load, name=name, calls=calls: kill_at_step(suite, name, calls, chance.randint(1, 40))
            for name, calls in steps
        ]
        judge_watched(suite, *run(suite, kills, until_rolled_up=scale >= 1))
