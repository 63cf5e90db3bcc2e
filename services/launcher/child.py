"""One supervised process: started on a leash, watched until ready, restarted when it dies, stopped with patience."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.core.clock import Clock
from services.launcher.probes import NotReady, Probe
from services.launcher.restarts import Backoff
from services.launcher.terminal import Terminal

LEASH = Path(__file__).with_name("leash.py")
POLL_SECONDS = 0.05
LONGEST_LINE = 256 * 1024
# What is killed is gone by then, unless it was only about to be born.
KILL_SECONDS = 2.0
# A service exits so when its configuration cannot be used; trying again would not help.
REFUSED = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: the program, its whole environment, how to ask whether it is ready, how long it may take to stop.

    It is first started when those it `waits_for` are ready, or have been given long enough. Where there is a
    `successor`, a new process takes over from the one before, which ends by itself when its work is done: it is the
    plan of the n-th of processes that follow each other so.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    probe: Probe | None = None
    stop_seconds: float = 10.0
    waits_for: Sequence[str] = ()
    successor: Callable[[int], "Plan"] | None = None


class ConfigurationRefused(Exception):
    """A child cannot use what it was told; it has said why on the log."""


class Child:
    """Keeps one process alive. `run` ends when `stop` was called, or raises ConfigurationRefused."""

    def __init__(self, plan: Plan, terminal: Terminal, clock: Clock, inherited: Sequence[int] = ()) -> None:
        self.name = plan.name
        self.waits_for = tuple(plan.waits_for)
        self.ready = asyncio.Event()
        self.reason = "starting"
        self._plan = plan
        self._terminal = terminal
        self._clock = clock
        self._inherited = tuple(inherited)
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._renewing = asyncio.Event()
        self._lives: set[asyncio.Task[int]] = set()
        self._processes: list[asyncio.subprocess.Process] = []

    @property
    def pid(self) -> int | None:
        """Process id of the present life; None between lives."""
        return self._processes[-1].pid if self._processes else None

    async def run(self) -> None:
        """Start, and start again, until stopped."""
        backoff, number = Backoff(), 0
        try:
            while not self._stopping.is_set():
                born = self._clock.monotonic()
                status = await self._end(self._begin(number))
                if status is None:
                    number += 1
                    continue
                # One that still ends its work holds what the next one needs.
                await self._end_lives()
                number = 0
                if self._stopping.is_set():
                    return
                if status == REFUSED:
                    raise ConfigurationRefused(self.name)
                if self._renewing.is_set():
                    self._renewing.clear()
                    continue
                await self._pause(status, backoff.after(self._clock.monotonic() - born))
        finally:
            await self._end_lives()
            self._ended.set()

    async def renew(self) -> None:
        """Put a fresh process in the place of the present one; return once it is ready, or the child is to stop."""
        self.ready.clear()
        self._renewing.set()
        if self._plan.successor is None and self._processes:
            ending = self._processes[-1]
            self._signal(signal.SIGTERM)
            await self._insist(ending.wait())
        await _either(self.ready.wait(), self._stopping.wait())

    async def stop(self) -> None:
        """Ask it to end, insist after its time, and return once it is gone."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        await self._insist(self._ended.wait())
        await self._ended.wait()

    def kill(self) -> None:
        """End it at once, for good."""
        self._stopping.set()
        self._signal(signal.SIGKILL)

    async def _insist(self, ending: Coroutine[Any, Any, object]) -> None:
        try:
            async with asyncio.timeout(self._plan.stop_seconds):
                await ending
        except TimeoutError:
            self._terminal.say(f"did not stop in {self._plan.stop_seconds:g} s; killed", self.name, "warning")
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.send_signal(number)

    async def _pause(self, status: int, seconds: float) -> None:
        when = f"in {seconds:g} s" if seconds else "at once"
        self._terminal.say(f"ended ({described(status)}); starts again {when}", self.name, "warning")
        self.reason = f"ended ({described(status)})"
        await _either(self._clock.sleep(seconds), self._stopping.wait())

    def _begin(self, number: int) -> asyncio.Task[int]:
        plan = self._plan.successor(number) if self._plan.successor else self._plan
        self.ready.clear()
        life = asyncio.create_task(self._live(plan), name=f"{self.name} {number}")
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)
        return life

    async def _end(self, life: asyncio.Task[int]) -> int | None:
        """The exit status of a process; None when another is to take over from it."""
        if self._plan.successor is not None:
            renewing = asyncio.ensure_future(self._renewing.wait())
            try:
                await asyncio.wait({life, renewing}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                renewing.cancel()
            if not life.done():
                # No more than two at a time.
                await _ended(self._lives - {life})
                self._renewing.clear()
                return None
        await _ended({life})
        self.ready.clear()
        return life.result()

    async def _end_lives(self) -> None:
        """Kill what still runs."""
        self._signal(signal.SIGKILL)
        if self._lives:
            _done, left = await asyncio.wait(set(self._lives), timeout=KILL_SECONDS)
            for life in left:
                life.cancel()
            await _ended(left)

    async def _live(self, plan: Plan) -> int:
        process = await self._spawn(plan)
        self._processes.append(process)
        try:
            if self._stopping.is_set():
                self._signal(signal.SIGTERM)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._relay(process))
                watch = tasks.create_task(self._watch(plan))
                status = await process.wait()
                watch.cancel()
            return status
        finally:
            self._processes.remove(process)
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()

    async def _spawn(self, plan: Plan) -> asyncio.subprocess.Process:
        leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid())]
        return await asyncio.create_subprocess_exec(
            *leash,
            *plan.command,
            env=dict(plan.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # A Ctrl-C at the terminal is for the launcher alone, which stops the others in order.
            start_new_session=True,
            pass_fds=self._inherited,
        )

    async def _relay(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in lines_of(process.stdout):
            self._terminal.relay(self.name, line)

    async def _watch(self, plan: Plan) -> None:
        born = self._clock.monotonic()
        while not await self._is_ready(plan):
            await self._clock.sleep(POLL_SECONDS)
        self.ready.set()
        took = f"ready after {self._clock.monotonic() - born:.1f} s" if plan.probe else "started"
        self._terminal.say(took, self.name)

    async def _is_ready(self, plan: Plan) -> bool:
        try:
            if plan.probe is not None:
                await plan.probe()
        except NotReady as reason:
            self.reason = str(reason)
            return False
        return True


async def _either(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of them is over; the others are given up."""
    tasks = {asyncio.ensure_future(wait) for wait in waits}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _ended(lives: Collection[asyncio.Task[int]]) -> None:
    if lives:
        await asyncio.wait(lives)


def described(status: int) -> str:
    """An exit status in words."""
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"


async def lines_of(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines without their ends; an endless one in parts."""
    held = b""
    while part := await stream.read(65536):
        *whole, held = (held + part).split(b"\n")
        if len(held) > LONGEST_LINE:
            whole.append(held)
            held = b""
        for line in whole:
            yield line.decode(errors="replace").rstrip("\r")
    if held:
        yield held.decode(errors="replace")
