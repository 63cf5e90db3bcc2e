"""Machines over a range, and the connections of databases, from what agents tell."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.ranges.zoned_steps import DAY, ZonedSteps, usual_step, zoned_steps
from services.aggregator.ports.gauges import Gauge, GaugeStore, GaugeStretch
from services.core import conventions
from services.core.clock import Clock
from services.core.errors import InvalidInput

RAW_DAYS, MINUTE_DAYS = 7, 30
PRESENT_MS = conventions.HEARTBEAT_STALE_AFTER * 1_000
# The figures of a machine that have one value each.
SINGLE = (
    conventions.SYSTEM_CPU,
    conventions.SYSTEM_MEMORY,
    conventions.SYSTEM_RECEIVE,
    conventions.SYSTEM_TRANSMIT,
)
FIGURES = (*SINGLE, conventions.SYSTEM_DISK)
_DATABASE_LABELS = ("database", conventions.SERVICE_LABEL, "instance")


@dataclass(slots=True)
class MachineReport:
    """One machine: newest values by metric, disks by mount, processes by name and metric, averages of each step."""

    host: str
    seen_ms: int = 0
    figures: dict[str, float] = field(default_factory=dict)
    disks: dict[str, float] = field(default_factory=dict)
    processes: dict[str, dict[str, float]] = field(default_factory=dict)
    points: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SystemReport:
    """Machines by name; connections by database."""

    machines: Sequence[MachineReport]
    databases: Mapping[str, float]
    steps: ZonedSteps
    end_ms: int


class Machines:
    """Answers how busy machines are."""

    def __init__(self, gauges: GaugeStore, clock: Clock) -> None:
        self._gauges = gauges
        self._clock = clock

    async def report(self, tenant: str, asked: Range, step_seconds: int, zone: ZoneInfo, host: str) -> SystemReport:
        """All machines heard of within the range, or one."""
        tier = _tier(asked, self._clock.now())
        length = step_seconds or max(tier, usual_step(asked.end - asked.first))
        if length % tier:
            raise InvalidInput.of("step_seconds", f"must be a multiple of {tier:,} for so long or old a range")
        steps = zoned_steps(asked.first, asked.end, length, zone)
        stretch = steps.stretch if steps.stretch % tier == 0 else tier
        newest, connections, stretches = await asyncio.gather(
            self._newest(tenant, conventions.MACHINE_METRICS, asked, tier),
            self._newest(tenant, (conventions.DATABASE_CONNECTIONS,), asked, tier),
            self._gauges.over_time(tenant, FIGURES, asked.first, asked.end, stretch, tier),
        )
        machines = _machines(newest, host)
        _add_points(machines, stretches, steps)
        return SystemReport(
            [machines[name] for name in sorted(machines)], _by_database(connections), steps, asked.end * 1_000
        )

    async def connections(self, tenant: str, asked: Range, steps: ZonedSteps) -> Mapping[str, Mapping[int, float]]:
        """Open connections of each database by the start of the steps that tell any, in Unix seconds."""
        tier = _tier(asked, self._clock.now())
        stretch = steps.stretch if steps.stretch % tier == 0 else tier
        rows = await self._gauges.over_time(
            tenant, (conventions.DATABASE_CONNECTIONS,), asked.first, asked.end, stretch, tier
        )
        sums: dict[tuple[str, int, frozenset[tuple[str, str]]], tuple[float, float]] = {}
        for row in rows:
            key = (_database(row.labels), steps.edges[steps.place(row.start)], frozenset(row.labels.items()))
            count, total = sums.get(key, (0.0, 0.0))
            sums[key] = (count + row.count, total + row.sum)
        found: dict[str, dict[int, float]] = {}
        for (database, start, _labels), (count, total) in sums.items():
            course = found.setdefault(database, {})
            course[start] = course.get(start, 0.0) + total / count
        return found

    async def _newest(self, tenant: str, names: Sequence[str], asked: Range, tier: int) -> Sequence[Gauge]:
        """The newest values; of ranges whose samples may be gone, those of the last bucket."""
        if tier == 1 or asked.end > self._clock.now() - RAW_DAYS * DAY:
            return await self._gauges.newest(tenant, names, max(asked.first, asked.end - DAY), asked.end)
        rows = await self._gauges.over_time(tenant, names, max(asked.first, asked.end - DAY), asked.end, tier, tier)
        last: dict[tuple[str, frozenset[tuple[str, str]]], GaugeStretch] = {}
        for row in sorted(rows, key=lambda row: row.start):
            last[row.name, frozenset(row.labels.items())] = row
        return [Gauge(row.name, row.labels, row.start * 1_000, row.sum / row.count) for row in last.values()]


def _tier(asked: Range, now: float) -> int:
    """What a range is read from, in seconds of a bucket: as old as it is, and as long."""
    age = now - asked.first
    if age <= RAW_DAYS * DAY and asked.end - asked.first <= DAY + 2:
        return 1
    return 60 if age <= MINUTE_DAYS * DAY else 3_600


def _machines(newest: Sequence[Gauge], host: str) -> dict[str, MachineReport]:
    machines: dict[str, MachineReport] = {}
    for gauge in sorted(newest, key=lambda gauge: gauge.time_ms):
        name = gauge.labels.get(conventions.HOST_LABEL, "")
        if host and name != host:
            continue
        machine = machines.setdefault(name, MachineReport(name))
        machine.seen_ms = max(machine.seen_ms, gauge.time_ms)
        if gauge.name == conventions.SYSTEM_DISK:
            machine.disks[gauge.labels.get(conventions.MOUNT_LABEL, "")] = gauge.value
            machine.figures[gauge.name] = max(machine.disks.values())
        elif gauge.name in SINGLE:
            machine.figures[gauge.name] = gauge.value
        else:
            process = gauge.labels.get(conventions.PROCESS_LABEL, "")
            machine.processes.setdefault(process, {})[gauge.name] = gauge.value
    return machines


def _add_points(machines: Mapping[str, MachineReport], rows: Sequence[GaugeStretch], steps: ZonedSteps) -> None:
    sums: dict[tuple[str, int, str], tuple[float, float]] = {}
    for row in rows:
        host = row.labels.get(conventions.HOST_LABEL, "")
        key = (host, steps.place(row.start), row.name)
        if row.name == conventions.SYSTEM_DISK:
            count, highest = sums.get(key, (1.0, -math.inf))
            sums[key] = (count, max(highest, row.max))
        else:
            count, total = sums.get(key, (0.0, 0.0))
            sums[key] = (count + row.count, total + row.sum)
    for machine in machines.values():
        machine.points = [{} for _step in range(len(steps))]
    for (host, place, name), (count, total) in sums.items():
        if host in machines:
            machines[host].points[place][name] = total / count


def _by_database(connections: Sequence[Gauge]) -> dict[str, float]:
    found: dict[str, float] = {}
    for gauge in connections:
        name = _database(gauge.labels)
        found[name] = found.get(name, 0.0) + gauge.value
    return found


def _database(labels: Mapping[str, str]) -> str:
    return next((labels[label] for label in _DATABASE_LABELS if labels.get(label)), "")
