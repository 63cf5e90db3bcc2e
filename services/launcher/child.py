"""One supervised process: started on a leash, watched until ready, restarted when it dies, stopped with patience."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from services.core.clock import Clock
from services.launcher.probes import NotReady, Probe
from services.launcher.restarts import Backoff
from services.launcher.terminal import Terminal

LEASH = Path(__file__).with_name("leash.py")
POLL_SECONDS = 0.05
LONGEST_LINE = 256 * 1024
# A service exits so when its configuration cannot be used; trying again would not help.
REFUSED = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: the program, its whole environment, how to ask whether it is ready, how long it may take to stop.

    It is first started when those it `waits_for` are ready, or have been given long enough.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    probe: Probe | None = None
    stop_seconds: float = 10.0
    waits_for: Sequence[str] = ()


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
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the present life; None between lives."""
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Start, and start again, until stopped."""
        backoff = Backoff()
        try:
            while not self._stopping.is_set():
                born = self._clock.monotonic()
                status = await self._live()
                if self._stopping.is_set():
                    return
                if status == REFUSED:
                    raise ConfigurationRefused(self.name)
                await self._pause(status, backoff.after(self._clock.monotonic() - born))
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """Ask it to end, insist after its time, and return once it is gone."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._plan.stop_seconds):
                await self._ended.wait()
        except TimeoutError:
            self._terminal.say(f"did not stop in {self._plan.stop_seconds:g} s; killed", self.name, "warning")
            self.kill()
        await self._ended.wait()

    def kill(self) -> None:
        """End it at once, for good."""
        self._stopping.set()
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _pause(self, status: int, seconds: float) -> None:
        when = f"in {seconds:g} s" if seconds else "at once"
        self._terminal.say(f"ended ({described(status)}); starts again {when}", self.name, "warning")
        self.reason = f"ended ({described(status)})"
        waiting = asyncio.ensure_future(self._clock.sleep(seconds))
        stopped = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            stopped.cancel()

    async def _live(self) -> int:
        self.ready.clear()
        process = self._process = await self._spawn()
        try:
            if self._stopping.is_set():
                self._signal(signal.SIGTERM)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._relay(process))
                watch = tasks.create_task(self._watch())
                status = await process.wait()
                watch.cancel()
            return status
        finally:
            self._signal(signal.SIGKILL)
            self._process = None
            self.ready.clear()

    async def _spawn(self) -> asyncio.subprocess.Process:
        leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid())]
        return await asyncio.create_subprocess_exec(
            *leash,
            *self._plan.command,
            env=dict(self._plan.environment),
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

    async def _watch(self) -> None:
        born = self._clock.monotonic()
        while not await self._is_ready():
            await self._clock.sleep(POLL_SECONDS)
        self.ready.set()
        took = f"ready after {self._clock.monotonic() - born:.1f} s" if self._plan.probe else "started"
        self._terminal.say(took, self.name)

    async def _is_ready(self) -> bool:
        try:
            if self._plan.probe is not None:
                await self._plan.probe()
        except NotReady as reason:
            self.reason = str(reason)
            return False
        return True


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
