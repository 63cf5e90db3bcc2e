"""Where single figures come from: traffic, integrations, machines, log lines, people."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from services.aggregator.domain.figures.counting import counting
from services.aggregator.domain.figures.figures import (
    BYTES_PER_SECOND,
    MILLISECONDS,
    PER_SECOND,
    PERCENT,
    Asked,
    Series,
)
from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.reports.integrations import CallSums
from services.aggregator.domain.reports.machine_reports import MachineReport, Machines
from services.aggregator.domain.reports.traffic import TrafficFigures, TrafficSums, summed
from services.aggregator.ports.audience import Audience, AudienceReader
from services.aggregator.ports.integrations import CallsQuestion, CallsRow, IntegrationStore
from services.aggregator.ports.logs import Logs
from services.aggregator.ports.searches import LogSearch
from services.aggregator.ports.traffic import TrafficQuestion, TrafficRow, TrafficStore
from services.core import conventions
from services.core.clock import Clock

UTC = ZoneInfo("UTC")
LEVELS = {"1": "debug", "2": "info", "3": "warning", "4": "error", "5": "critical"}
Units = Mapping[str, str]
Found = Mapping[str, Sequence[Series]]
Step = TypeVar("Step")


def _latency(name: str) -> Callable[[TrafficFigures], float | None]:
    return lambda figures: getattr(figures.latency, name) if figures.latency else None


_TRAFFIC: Mapping[str, tuple[str, Callable[[TrafficFigures], float | None]]] = {
    "requests": ("requests", lambda figures: figures.requests),
    "errors": ("errors", lambda figures: figures.errors),
    "error_rate": (PERCENT, lambda figures: figures.error_rate if figures.requests else None),
    "requests_per_second": (PER_SECOND, lambda figures: figures.requests_per_second),
    "average_latency_ms": (MILLISECONDS, _latency("average_ms")),
    "p50_latency_ms": (MILLISECONDS, _latency("p50_ms")),
    "p95_latency_ms": (MILLISECONDS, _latency("p95_ms")),
    "p99_latency_ms": (MILLISECONDS, _latency("p99_ms")),
}
_CALLS: Mapping[str, tuple[str, Callable[[CallSums], float | None]]] = {
    "integration_calls": ("calls", lambda sums: sums.calls),
    "integration_failures": ("calls", lambda sums: sums.failures),
    "integration_success_rate": (PERCENT, lambda sums: sums.success_rate if sums.calls else None),
    "integration_response_ms": (MILLISECONDS, lambda sums: sums.latency.average_ms if sums.latency else None),
}
_MACHINES: Mapping[str, tuple[str, str]] = {
    "system_cpu_usage": (PERCENT, conventions.SYSTEM_CPU),
    "system_memory_usage": (PERCENT, conventions.SYSTEM_MEMORY),
    "system_disk_usage": (PERCENT, conventions.SYSTEM_DISK),
    "network_receive_bytes_per_second": (BYTES_PER_SECOND, conventions.SYSTEM_RECEIVE),
    "network_transmit_bytes_per_second": (BYTES_PER_SECOND, conventions.SYSTEM_TRANSMIT),
}


class TrafficSource:
    """Requests, errors and latency of all services together."""

    def __init__(self, store: TrafficStore, clock: Clock) -> None:
        self.units: Units = {name: unit for name, (unit, _read) in _TRAFFIC.items()}
        self._store = store
        self._clock = clock

    async def series(self, asked: Asked, names: Collection[str]) -> Found:
        steps, now = asked.steps, self._clock.now()
        question = TrafficQuestion(steps.edges[0], steps.edges[-1], (), steps.stretch)
        rows = await self._store.traffic(asked.tenant, question)
        return await asyncio.to_thread(_traffic, asked, rows, names, now)


def _traffic(asked: Asked, rows: Sequence[TrafficRow], names: Collection[str], now: float) -> Found:
    """What rows come to, over the whole range and in each step."""
    steps = asked.steps
    whole = summed(rows, lambda _row: 0).get(0, TrafficSums()).figures(asked.range.past_seconds(now))
    sums = summed(rows, lambda row: steps.place(row.start))
    figures = [
        sums.get(place, TrafficSums()).figures(Range(steps.edges[place], steps.edges[place + 1]).past_seconds(now))
        for place in range(len(steps))
    ]
    reads = {name: _TRAFFIC[name][1] for name in names}
    return {name: [Series(read(whole), _points(asked, figures, read))] for name, read in reads.items()}


class IntegrationSource:
    """Calls to the services of others, by integration."""

    def __init__(self, store: IntegrationStore) -> None:
        self.units: Units = {name: unit for name, (unit, _read) in _CALLS.items()}
        self._store = store

    async def series(self, asked: Asked, names: Collection[str]) -> Found:
        question = CallsQuestion(asked.range.first_us, asked.range.end_us, bucket_seconds=asked.steps.stretch)
        rows = await self._store.calls(asked.tenant, question)
        return await asyncio.to_thread(_calls, asked, rows, names)


def _calls(asked: Asked, rows: Sequence[CallsRow], names: Collection[str]) -> Found:
    """What rows come to by integration, over the whole range and in each step."""
    wholes: defaultdict[str, CallSums] = defaultdict(CallSums)
    parts: defaultdict[str, list[CallSums]] = defaultdict(lambda: [CallSums() for _step in asked.starts])
    for row in rows:
        wholes[row.integration].add(row)
        parts[row.integration][asked.steps.place(row.start)].add(row)
    return {name: [_of(asked, one, wholes[one], parts[one], name) for one in sorted(wholes)] for name in names}


def _of(asked: Asked, integration: str, whole: CallSums, steps: Sequence[CallSums], name: str) -> Series:
    read = _CALLS[name][1]
    return Series(read(whole), _points(asked, steps, read), {"integration": integration})


class MachineSource:
    """Machines, by host, and connections of databases, by database."""

    def __init__(self, machines: Machines) -> None:
        self.units: Units = {
            **{name: unit for name, (unit, _metric) in _MACHINES.items()},
            conventions.DATABASE_CONNECTIONS: "connections",
        }
        self._machines = machines

    async def series(self, asked: Asked, names: Collection[str]) -> Found:
        report = await self._machines.report(asked.tenant, asked.range, asked.steps.seconds, UTC, "")
        found = {
            name: [_machine(asked, machine, _MACHINES[name][1]) for machine in report.machines]
            for name in _MACHINES.keys() & set(names)
        }
        if conventions.DATABASE_CONNECTIONS in names:
            course = await self._machines.connections(asked.tenant, asked.range, asked.steps)
            found[conventions.DATABASE_CONNECTIONS] = [
                Series(report.databases.get(database), sorted(points.items()), {"database": database})
                for database, points in sorted(course.items())
            ]
        return found


def _machine(asked: Asked, machine: MachineReport, metric: str) -> Series:
    points = _points(asked, machine.points, lambda point: point.get(metric))
    return Series(machine.figures.get(metric), points, {conventions.HOST_LABEL: machine.host})


class LogSource:
    """Log lines, by level."""

    def __init__(self, logs: Logs) -> None:
        self.units: Units = {"log_lines": "lines"}
        self._logs = logs

    async def series(self, asked: Asked, names: Collection[str]) -> Found:
        by = counting(asked)
        found = await self._logs.over_time(asked.tenant, LogSearch(by.within), by.steps)
        return {"log_lines": [by.series(one.counts, level=LEVELS.get(one.name, "info")) for one in found]}


class PeopleSource:
    """Different people of each step, and of the whole range."""

    def __init__(self, reader: AudienceReader) -> None:
        self.units: Units = {"active_users": "people"}
        self._reader = reader

    async def series(self, asked: Asked, names: Collection[str]) -> Found:
        whole = Audience(asked.range.first_us, asked.range.end_us, starts=asked.starts)
        users = await self._reader.users_over_time(asked.tenant, whole)
        points = [(start, float(users.get(start, 0))) for start in asked.starts]
        return {"active_users": [Series(float(await self._reader.users(asked.tenant, whole)), points)]}


def _points(asked: Asked, steps: Sequence[Step], read: Callable[[Step], float | None]) -> list[tuple[int, float]]:
    values = zip(asked.starts, map(read, steps), strict=True)
    return [(start, value) for start, value in values if value is not None]
