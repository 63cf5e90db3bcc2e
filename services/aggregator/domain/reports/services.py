"""Services and endpoints over a range: traffic, state, version."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from services.aggregator.domain.live.tenant_live import inferred_status
from services.aggregator.domain.live.window import Traffic
from services.aggregator.domain.ranges.ranges import MICRO, Range
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps
from services.aggregator.domain.reports.traffic import TrafficFigures, TrafficSums, summed
from services.aggregator.ports.services import Deploy, LastBeat, ServiceStore
from services.aggregator.ports.traffic import Group, TrafficQuestion, TrafficRow, TrafficStore
from services.core import conventions
from services.core.clock import Clock
from services.core.errors import InvalidInput, NotFound

DAY_US = 86_400 * MICRO
DEPLOYS_US = 30 * DAY_US
MAX_SERVICES = 1_000
SERVICE_ENDPOINTS = 50


class Order(Enum):
    """In which order endpoints come."""

    BUSIEST = "busiest"
    SLOWEST = "slowest"
    MOST_ERRORS = "most errors"
    HIGHEST_ERROR_RATE = "highest error rate"


@dataclass(frozen=True, slots=True)
class ServiceSummary:
    """One service over a range. State, deploy and heartbeat are those at its end; `beat` None without one in 24 h."""

    service: str
    status: str
    traffic: TrafficFigures
    beat: LastBeat | None
    deploy: Deploy | None
    last_seen_us: int


@dataclass(frozen=True, slots=True)
class ServiceList:
    """Services, and the traffic of all together, also of requests that name none."""

    services: Sequence[ServiceSummary]
    total: TrafficFigures


@dataclass(frozen=True, slots=True)
class EndpointSummary:
    """One endpoint of a service over a range."""

    service: str
    endpoint: str
    traffic: TrafficFigures


@dataclass(frozen=True, slots=True)
class TrafficSeries:
    """Traffic of each step; `service` empty for all together."""

    service: str
    points: Sequence[TrafficFigures]


class Services:
    """Answers what services do."""

    def __init__(self, traffic: TrafficStore, services: ServiceStore, clock: Clock) -> None:
        self._traffic = traffic
        self._services = services
        self._clock = clock

    async def listed(self, tenant: str, asked: Range, service: str = "") -> ServiceList:
        """Services with traffic within the range or a heartbeat in the day before its end, by name."""
        (rows, recent), beats, deploys = await asyncio.gather(
            self._rows(tenant, asked, service),
            self._services.last_beats(tenant, max(0, asked.end_us - DAY_US), asked.end_us),
            self._services.last_deploys(tenant, max(0, asked.end_us - DEPLOYS_US), asked.end_us),
        )
        sums = summed(rows, lambda row: row.service)
        windows = summed(recent, lambda row: row.service)
        names = sorted((sums.keys() | ({service} & beats.keys() if service else beats.keys())) - {""})
        if len(names) > MAX_SERVICES:
            raise InvalidInput.of("start_time", f"more than {MAX_SERVICES:,} services: ask for a shorter range")
        seconds = asked.past_seconds(self._clock.now())
        state = _State(asked.end_us, windows, beats, deploys)
        total = summed(rows, lambda _row: "").get("", TrafficSums())
        summaries = [state.summary(name, sums.get(name, TrafficSums()), seconds) for name in names]
        return ServiceList(summaries, total.figures(seconds))

    async def _rows(self, tenant: str, asked: Range, service: str) -> tuple[Sequence[TrafficRow], Sequence[TrafficRow]]:
        """Traffic of the range, and that of its last minutes by which services without heartbeats are judged."""
        question = TrafficQuestion(asked.first, asked.end, ("service",), service=service)
        last = replace(question, from_second=max(0, asked.end - conventions.FIGURES_WINDOW))
        # The range that is asked for most is just these minutes.
        if abs(last.from_second - question.from_second) <= 1:
            rows = await self._traffic.traffic(tenant, question)
            return rows, rows
        rows, recent = await asyncio.gather(
            self._traffic.traffic(tenant, question), self._traffic.traffic(tenant, last)
        )
        return rows, recent

    async def get(self, tenant: str, asked: Range, service: str) -> tuple[ServiceSummary, list[EndpointSummary]]:
        """One service with its busiest endpoints. Raises NotFound when it would not be listed."""
        found, endpoints = await asyncio.gather(
            self.listed(tenant, asked, service), self.endpoints(tenant, asked, service, Order.BUSIEST)
        )
        if not found.services:
            raise NotFound(f"neither traffic nor a heartbeat of {service} was seen")
        return found.services[0], endpoints[:SERVICE_ENDPOINTS]

    async def endpoints(self, tenant: str, asked: Range, service: str, order: Order) -> list[EndpointSummary]:
        """All endpoints that have a name."""
        question = TrafficQuestion(asked.first, asked.end, ("service", "endpoint"), service=service)
        sums = summed(await self._traffic.traffic(tenant, question), lambda row: (row.service, row.endpoint))
        seconds = asked.past_seconds(self._clock.now())
        found = [EndpointSummary(*key, each.figures(seconds, calls=True)) for key, each in sums.items() if key[1]]
        return sorted(found, key=lambda one: (-_WEIGHTS[order](one.traffic), one.service, one.endpoint))

    async def over_time(
        self, tenant: str, steps: ZonedSteps, service: str = "", endpoint: str = "", *, by_service: bool = False
    ) -> list[TrafficSeries]:
        """Traffic of each step, of each service or of all together."""
        groups: tuple[Group, ...] = ("service",) if by_service else ()
        question = TrafficQuestion(steps.edges[0], steps.edges[-1], groups, steps.stretch, service, endpoint)
        rows = await self._traffic.traffic(tenant, question)
        sums = summed(rows, lambda row: (row.service, steps.place(row.start)))
        names = sorted({row.service for row in rows} | (set() if by_service else {""}))
        now = self._clock.now()
        return [TrafficSeries(name, _points(name, sums, steps, now)) for name in names]


@dataclass(frozen=True, slots=True)
class _State:
    """What services are judged by at the end of a range."""

    end_us: int
    windows: Mapping[str, TrafficSums]
    beats: Mapping[str, LastBeat]
    deploys: Mapping[str, Deploy]

    def summary(self, service: str, sums: TrafficSums, seconds: float) -> ServiceSummary:
        beat = self.beats.get(service)
        seen_us = max(beat.seen_us if beat else 0, sums.last_second * MICRO)
        deploy = self.deploys.get(service)
        return ServiceSummary(service, self._status(service, beat), sums.figures(seconds), beat, deploy, seen_us)

    def _status(self, service: str, beat: LastBeat | None) -> str:
        if beat is None:
            window = self.windows.get(service, TrafficSums())
            return inferred_status(Traffic(window.requests, window.errors))
        stale = self.end_us - beat.seen_us > conventions.HEARTBEAT_STALE_AFTER * MICRO
        return conventions.STALE if stale else beat.status


def _points(
    service: str, sums: Mapping[tuple[str, int], TrafficSums], steps: ZonedSteps, now: float
) -> list[TrafficFigures]:
    return [
        sums.get((service, place), TrafficSums()).figures(
            Range(steps.edges[place], steps.edges[place + 1]).past_seconds(now)
        )
        for place in range(len(steps))
    ]


def _p95(traffic: TrafficFigures) -> float:
    return traffic.latency.p95_ms if traffic.latency else 0.0


_WEIGHTS: Mapping[Order, Callable[[TrafficFigures], float]] = {
    Order.BUSIEST: lambda traffic: traffic.requests,
    Order.SLOWEST: _p95,
    Order.MOST_ERRORS: lambda traffic: traffic.errors,
    Order.HIGHEST_ERROR_RATE: lambda traffic: traffic.error_rate,
}
