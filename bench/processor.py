"""CPU seconds of other processes, as the kernel counts them: user and system, all threads, engines included."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME = 11
"""Place of user time after the command's closing bracket in /proc/<pid>/stat; system time follows."""


def spent(pid: int) -> float:
    """Seconds of CPU that a process has used. Raises FileNotFoundError when it is gone."""
    # The command may hold spaces and brackets; the last bracket ends it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_UTIME + 1])) / _TICKS


def spent_by(processes: Mapping[str, int]) -> dict[str, float]:
    """The same for several processes by name."""
    return {name: spent(pid) for name, pid in processes.items()}


def difference(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """What was used in between, by name."""
    return {name: value - before[name] for name, value in after.items()}


def is_quiet(spending: Iterable[float], seconds: float, cores: float = 0.1) -> bool:
    """Whether processes together used less than `cores` of a core over `seconds`."""
    return sum(spending) < cores * seconds
