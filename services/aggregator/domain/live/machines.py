"""Machines as their agents tell them, from the newest samples of a few gauges."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.aggregator.domain.intake.series_roles import SeriesRoles
from services.aggregator.ports.store import LastSample
from services.core import conventions

MACHINE_GONE_AFTER_MS = 120_000
MAX_GAUGES = 20_000


@dataclass(slots=True)
class ProcessState:
    """A process: percent of one core, bytes resident."""

    name: str
    cpu_percent: float = 0.0
    memory_bytes: float = 0.0


@dataclass(slots=True)
class MachineState:
    """A machine; percents 0 to 100, network in bytes a second, disk the fullest, `seen_ms` the newest sample."""

    host: str
    gauges: dict[str, float] = field(default_factory=dict)
    disk_percent: float = 0.0
    processes: dict[str, ProcessState] = field(default_factory=dict)
    seen_ms: int = 0


class Machines:
    """The newest sample of each gauge; a gauge, and so a machine, is gone when not seen for two minutes."""

    def __init__(self) -> None:
        self._newest: dict[int, LastSample] = {}

    def add(self, samples: Iterable[LastSample], now_ms: int) -> None:
        """Take in samples of gauges; those stamped ahead count as of now."""
        for sample in samples:
            seen = min(sample.time_ms, now_ms)
            known = self._newest.get(sample.series_id)
            if (known is None and len(self._newest) < MAX_GAUGES) or (known is not None and seen >= known.time_ms):
                self._newest[sample.series_id] = LastSample(sample.series_id, seen, sample.value)

    def states(self, roles: SeriesRoles, now_ms: int) -> list[MachineState]:
        """The machines seen, by name."""
        for gone in [one for one, last in self._newest.items() if last.time_ms <= now_ms - MACHINE_GONE_AFTER_MS]:
            del self._newest[gone]
        machines: dict[str, MachineState] = {}
        for sample in self._newest.values():
            series = roles.by_id(sample.series_id)
            if series is not None:
                host = series.labels.get(conventions.HOST_LABEL, "")
                machine = machines.setdefault(host, MachineState(host))
                _show(machine, series.name, series.labels, sample)
        return [machines[host] for host in sorted(machines)]


def _show(machine: MachineState, name: str, labels: dict[str, str], sample: LastSample) -> None:
    machine.seen_ms = max(machine.seen_ms, sample.time_ms)
    if name == conventions.SYSTEM_DISK:
        machine.disk_percent = max(machine.disk_percent, sample.value)
    elif name in (conventions.PROCESS_CPU, conventions.PROCESS_MEMORY):
        process_name = labels.get(conventions.PROCESS_LABEL, "")
        process = machine.processes.setdefault(process_name, ProcessState(process_name))
        if name == conventions.PROCESS_CPU:
            process.cpu_percent = sample.value
        else:
            process.memory_bytes = sample.value
    else:
        machine.gauges[name] = sample.value
