"""CPU and memory of the suite's own processes: the launcher and what it started."""

import os
from collections.abc import Hashable, Iterator, Sequence

import psutil

from services.core import conventions
from services.core.clock import Clock
from services.launcher.agent.readings import Rates, Reading

LAUNCHER = "launcher"
_LOOK_EVERY_SECONDS = 5.0
_SERVICES = ("collector", "aggregator", "streamer", "alerting")
_WORKERS = ("agent", "demo")
_PROGRAMS = {"redis-server": "redis", "envoy": "envoy"}


def name_of(command: Sequence[str]) -> str | None:
    """Which part of the suite a command line is; None for a stranger."""
    words = [word for argument in command for word in argument.split(" ") if word]
    if not words:
        return None
    # Redis rewrites its command line, so the program is the first word and not the first argument.
    program = os.path.basename(words[0])
    if program in _PROGRAMS:
        return _PROGRAMS[program]
    for name in _SERVICES:
        if f"services.{name}" in words:
            return name
    started = any(word == "services.launcher" or os.path.basename(word) == "binnacle" for word in words)
    return next((name for name in _WORKERS if name in words), None) if started else None


class SuiteProcesses:
    """Reads the processes under one root."""

    def __init__(self, root: int, host: str, clock: Clock) -> None:
        self._root, self._host, self._clock = root, host, clock
        self._rates = Rates()
        self._known: list[tuple[str, psutil.Process]] = []
        self._look_at = 0.0

    def read(self) -> list[Reading]:
        """CPU in percent of one core and resident bytes by name; processes of one name are added up."""
        cpu: dict[str, float] = {}
        memory: dict[str, float] = {}
        now = self._clock.monotonic()
        for name, process in self._current(now):
            try:
                with process.oneshot():
                    times, resident = process.cpu_times(), process.memory_info().rss
            except psutil.Error:
                self._look_at = now
                continue
            memory[name] = memory.get(name, 0.0) + resident
            rate = self._rates.rate(process.pid, times.user + times.system, now)
            if rate is not None:
                cpu[name] = cpu.get(name, 0.0) + rate * 100.0
        return [
            *(self._reading(conventions.PROCESS_CPU, name, value, "%") for name, value in cpu.items()),
            *(self._reading(conventions.PROCESS_MEMORY, name, value, "By") for name, value in memory.items()),
        ]

    def _reading(self, metric: str, process: str, value: float, unit: str) -> Reading:
        labels = {conventions.HOST_LABEL: self._host, conventions.PROCESS_LABEL: process}
        return Reading(metric, value, labels, unit=unit)

    def _current(self, now: float) -> list[tuple[str, psutil.Process]]:
        if now >= self._look_at:
            self._known, self._look_at = list(self._find()), now + _LOOK_EVERY_SECONDS
            pids: set[Hashable] = {process.pid for _, process in self._known}
            self._rates.keep(pids)
        return self._known

    def _find(self) -> Iterator[tuple[str, psutil.Process]]:
        try:
            root = psutil.Process(self._root)
            children = root.children(recursive=True)
        except psutil.Error:
            return
        yield LAUNCHER, root
        for child in children:
            try:
                name = name_of(child.cmdline())
            except psutil.Error:
                continue
            if name is not None:
                yield name, child
