"""One supervised process, with real ones: restarts, readiness, stopping."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from services.core.clock import Clock, SystemClock
from services.launcher.child import Child, ConfigurationRefused, Plan, lines_of
from services.launcher.probes import NotReady, Probe
from services.launcher.restarts import LONGEST_SECONDS
from services.launcher.terminal import Terminal
from tests.support.clock import ManualClock
from tests.support.waiting import eventually

pytestmark = pytest.mark.processes

# Less than a child lives, more than a busy machine takes.
SOON = 30.0
SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def plan(script: str, probe: Probe | None = None, stop_seconds: float = 20.0) -> Plan:
    """A child that runs a line of Python."""
    command: Sequence[str] = (sys.executable, "-c", script)
    return Plan("child", command, dict(os.environ), probe, stop_seconds)


@asynccontextmanager
async def supervised(
    the_plan: Plan, out: io.StringIO | None = None, clock: Clock | None = None
) -> AsyncIterator[Child]:
    """The child running under supervision; stopped after."""
    with Terminal(out or io.StringIO()) as terminal:
        child = Child(the_plan, terminal, clock or SystemClock())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(child.run())
            try:
                yield child
            finally:
                child.kill()


class Lives:
    """Lets the time of a pause pass once a life has ended, and none while there is one: it would seem to last."""

    def __init__(self, out: io.StringIO, clock: ManualClock) -> None:
        self._out = out
        self._clock = clock
        self._ended = 0

    async def ended(self, said: str) -> bool:
        """Whether this is said of a life; lets another one begin otherwise."""
        text = self._out.getvalue()
        if said in text:
            return True
        if text.count("starts again") > self._ended:
            self._ended = text.count("starts again")
            await self._clock.advance(LONGEST_SECONDS)
        return False


async def is_up(out: io.StringIO) -> bool:
    return "| up" in out.getvalue()


async def test_what_it_prints_is_relayed_from_both_streams() -> None:
    out = io.StringIO()
    script = "import sys, time; print('to out', flush=True); print('to err', file=sys.stderr); time.sleep(60)"
    async with supervised(plan(script), out):

        async def both() -> bool:
            return "to out" in out.getvalue() and "to err" in out.getvalue()

        await eventually(both, "both lines")


async def test_killed_it_is_back_within_a_second() -> None:
    out = io.StringIO()
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with supervised(plan(SLEEPER), out) as child:
        await eventually(lambda: is_up(out), "up")
        # How long this machine takes for it now.
        born = loop.time() - began
        first = child.pid
        assert first is not None
        started = loop.time()
        os.kill(first, signal.SIGKILL)

        async def again() -> bool:
            return out.getvalue().count("| up") == 2

        await eventually(again, "up again")
        assert loop.time() - started < 1 + 3 * born
        assert child.pid != first
    assert "ended (killed by SIGKILL); starts again at once" in out.getvalue()


async def test_dying_again_and_again_it_waits_longer_each_time() -> None:
    out = io.StringIO()
    clock = ManualClock()
    with Terminal(out) as terminal:
        child = Child(plan("raise SystemExit(1)"), terminal, clock)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(child.run())
            lives = Lives(out, clock)
            for pause in ("at once", "in 0.5 s", "in 1 s", "in 2 s"):
                await eventually(partial(lives.ended, f"ended (exit status 1); starts again {pause}"), pause, within=60)
            child.kill()


async def test_a_refused_configuration_is_not_tried_again() -> None:
    with Terminal(io.StringIO()) as terminal:
        child = Child(plan("raise SystemExit(2)"), terminal, SystemClock())
        with pytest.raises(ConfigurationRefused):
            await child.run()


async def test_ready_when_its_probe_says_so(tmp_path: Path) -> None:
    sign = tmp_path / "sign"

    async def probe() -> None:
        if not sign.exists():
            raise NotReady("no sign yet")

    out = io.StringIO()
    async with supervised(plan(SLEEPER, probe), out) as child:
        await eventually(lambda: is_up(out), "up")

        async def asked() -> bool:
            return child.reason == "no sign yet"

        await eventually(asked, "the probe was asked")
        assert not child.ready.is_set()
        sign.touch()
        await asyncio.wait_for(child.ready.wait(), SOON)
        sign.unlink()
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)

        async def unready() -> bool:
            return not child.ready.is_set()

        await eventually(unready, "not ready after its death")
    assert "ready after" in out.getvalue()


async def test_stop_asks_first() -> None:
    out = io.StringIO()
    async with supervised(plan(SLEEPER), out) as child:
        await eventually(lambda: is_up(out), "up")
        pid = child.pid
        assert pid is not None
        await asyncio.wait_for(child.stop(), SOON)
        assert not psutil.pid_exists(pid)
    assert "killed" not in out.getvalue()


async def test_stop_insists_after_its_time() -> None:
    out = io.StringIO()
    async with supervised(plan(STUBBORN, stop_seconds=0.2), out) as child:
        await eventually(lambda: is_up(out), "up")
        await asyncio.wait_for(child.stop(), SOON)
    assert "did not stop in 0.2 s; killed" in out.getvalue()


async def test_stop_between_two_lives_ends_at_once() -> None:
    out, clock = io.StringIO(), ManualClock()
    async with supervised(plan("raise SystemExit(1)"), out, clock) as child:
        waits = partial(Lives(out, clock).ended, "starts again in 1 s")
        await eventually(waits, "it waits for its next life", within=60)
        # By a clock that stands still the next life would never come.
        await asyncio.wait_for(child.stop(), SOON)


async def test_renewed_it_is_another_process_at_once() -> None:
    out = io.StringIO()
    async with supervised(plan(SLEEPER), out) as child:
        await eventually(lambda: is_up(out), "up")
        first = child.pid
        await asyncio.wait_for(child.renew(), SOON)
        assert child.pid not in (None, first)
        assert child.ready.is_set()
    assert "ended" not in out.getvalue(), "nothing to worry about"


async def test_renewed_it_is_killed_when_it_does_not_stop() -> None:
    out = io.StringIO()
    async with supervised(plan(STUBBORN, stop_seconds=0.2), out) as child:
        await eventually(lambda: is_up(out), "up")
        first = child.pid
        await asyncio.wait_for(child.renew(), SOON)
        assert child.pid not in (None, first)
    assert "did not stop in 0.2 s; killed" in out.getvalue()


async def test_renewal_ends_when_it_is_to_stop() -> None:
    async def never() -> None:
        raise NotReady("never")

    out = io.StringIO()
    async with supervised(plan(SLEEPER, never), out) as child:
        await eventually(lambda: is_up(out), "up")
        renewing = asyncio.ensure_future(child.renew())
        await eventually(lambda: _twice_up(out), "up again")
        await asyncio.wait_for(child.stop(), SOON)
        await asyncio.wait_for(renewing, SOON)


async def _twice_up(out: io.StringIO) -> bool:
    return out.getvalue().count("| up") == 2


# Ends when the next one has come, as an edge does that handed over its port.
HANDING_OVER = """
import pathlib, sys, time
place, number = pathlib.Path(sys.argv[1]), int(sys.argv[2])
(place / str(number)).touch()
print("up", flush=True)
while not (place / str(number + 1)).exists() or (place / "hold").exists(): time.sleep(0.01)
print("handed over", flush=True)
"""


def handing_over(folder: Path, number: int) -> Plan:
    async def probe() -> None:
        if not (folder / str(number)).exists():
            raise NotReady("not yet")

    command = (sys.executable, "-c", HANDING_OVER, str(folder), str(number))
    return Plan("child", command, dict(os.environ), probe, successor=partial(handing_over, folder))


async def test_its_successor_is_ready_before_it_ends(tmp_path: Path) -> None:
    out = io.StringIO()
    (tmp_path / "hold").touch()
    async with supervised(handing_over(tmp_path, 0), out) as child:
        await asyncio.wait_for(child.ready.wait(), SOON)
        first = child.pid
        assert first is not None
        await asyncio.wait_for(child.renew(), SOON)
        assert child.pid != first
        assert psutil.pid_exists(first), "it has work to end"
        (tmp_path / "hold").unlink()

        async def handed_over() -> bool:
            return "handed over" in out.getvalue()

        await eventually(handed_over, "the first one is done")
        await asyncio.wait_for(child.renew(), SOON)
        assert (tmp_path / "2").exists()
    assert "starts again" not in out.getvalue()


async def test_when_the_successor_dies_the_one_before_gives_way(tmp_path: Path) -> None:
    out = io.StringIO()
    (tmp_path / "hold").touch()
    async with supervised(handing_over(tmp_path, 0), out) as child:
        await asyncio.wait_for(child.ready.wait(), SOON)
        first = child.pid
        await asyncio.wait_for(child.renew(), SOON)
        second = child.pid
        assert first is not None
        assert second is not None
        os.kill(second, signal.SIGKILL)

        async def begun_anew() -> bool:
            return out.getvalue().count("| up") == 3

        await eventually(begun_anew, "a third one is up")
        assert not psutil.pid_exists(first), "it held what the third one needs"


async def test_cancelled_supervision_leaves_no_process() -> None:
    out = io.StringIO()
    with Terminal(out) as terminal:
        child = Child(plan(SLEEPER), terminal, SystemClock())
        task = asyncio.ensure_future(child.run())
        await eventually(lambda: is_up(out), "up")
        pid = child.pid
        assert pid is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

        async def gone() -> bool:
            try:
                return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
            except psutil.NoSuchProcess:
                return True

        await eventually(gone, "the process is gone")


async def test_an_interrupt_at_the_terminal_does_not_reach_it() -> None:
    out = io.StringIO()
    async with supervised(plan(SLEEPER), out) as child:
        await eventually(lambda: is_up(out), "up")
        assert child.pid is not None
        assert os.getsid(child.pid) != os.getsid(0)


async def test_endless_lines_are_cut_and_torn_ones_joined() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(b"one\r\ntw")
    reader.feed_data(b"o\n" + b"x" * 400_000 + b"\nlast")
    reader.feed_eof()
    lines = [line async for line in lines_of(reader)]
    assert lines[:2] == ["one", "two"]
    assert lines[-1] == "last"
    assert "".join(lines[2:-1]) == "x" * 400_000
