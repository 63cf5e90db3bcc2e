"""Uptime, error budgets, success, and the score they add up to."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.aggregator.domain.ranges.ranges import MICRO, Range
from services.aggregator.domain.reports.past_days import DAY_US, Remembered, joined_lives, joined_probes
from services.aggregator.domain.reports.traffic import TrafficFigures, TrafficSums, summed
from services.aggregator.domain.reports.uptime import (
    BUDGET_SECONDS,
    LATE_US,
    Budget,
    History,
    Outage,
    Share,
    budget,
    histories,
    share,
)
from services.aggregator.ports.reliability import Life, Probe, ReliabilityStore
from services.aggregator.ports.traffic import TrafficQuestion, TrafficStore
from services.core.clock import Clock
from services.core.conventions import PROBES
from services.core.errors import InvalidInput

DAY = 86_400
BASELINE_DAYS = 7
MAX_OUTAGES = 10_000
WEIGHTS: Mapping[str, float] = {"success": 0.4, "latency": 0.3, "budget": 0.3}


@dataclass(frozen=True, slots=True)
class Reliability:
    """How reliable one service was over a range, or all together (empty name)."""

    service: str
    share: Share
    outages: int
    down: bool
    budget: Budget

    @property
    def uptime_percent(self) -> float | None:
        """Share of the observed time in which it was up; None when it was not observed."""
        if not self.share.observed:
            return None
        return 100.0 * (1.0 - self.share.down / self.share.observed)


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A part of the score, 0 to 100, with its weight among the known parts, and what it was made of."""

    name: str
    value: float
    weight: float
    measured: float
    baseline: float


@dataclass(frozen=True, slots=True)
class ReliabilityReport:
    """All of it; the parts of the score are empty while nothing is known."""

    overall: Reliability
    services: Sequence[Reliability]
    traffic: TrafficFigures
    parts: Sequence[ScorePart]

    @property
    def score(self) -> float:
        """The weighted mean of the parts."""
        return sum(part.value * part.weight for part in self.parts)


class Reliabilities:
    """Answers how reliable services were."""

    def __init__(self, store: ReliabilityStore, traffic: TrafficStore, clock: Clock) -> None:
        self._store = store
        self._traffic = traffic
        self._clock = clock
        self._baselines = Remembered[float | None](clock)
        self._past_lives = Remembered[Sequence[Life]](clock)
        self._past_probes = Remembered[Sequence[Probe]](clock)

    async def report(self, tenant: str, asked: Range, service: str, target_percent: float) -> ReliabilityReport:
        """Uptime, budget and score, looked at from the end of a range."""
        found, traffic, baseline = await asyncio.gather(
            self._histories(tenant, asked, service),
            self._figures(tenant, asked, service),
            self._baseline(tenant, asked.end // DAY, service),
        )
        moment = self._moment(asked)
        services = [_reliability(name, [found[name]], asked.first_us, moment, target_percent) for name in sorted(found)]
        overall = _reliability("", list(found.values()), asked.first_us, moment, target_percent)
        return ReliabilityReport(overall, services, traffic, score_parts(traffic, baseline, overall.budget))

    async def outages(self, tenant: str, asked: Range, service: str) -> list[Outage]:
        """Outages that touch the range, those that began last first."""
        found = await self._histories(tenant, asked, service)
        outages = [one for history in found.values() for one in history.outages(asked.first_us)]
        if len(outages) > MAX_OUTAGES:
            raise InvalidInput.of("start_time", f"more than {MAX_OUTAGES:,} outages: ask for a shorter range")
        return sorted(outages, key=lambda one: (-one.start_us, one.service))

    async def _histories(self, tenant: str, asked: Range, service: str) -> dict[str, History]:
        end_us = self._moment(asked)
        # From the midnight before the day before, so that who was there at the beginning is known.
        from_us = max(0, min(asked.first, asked.end - BUDGET_SECONDS) // DAY - 1) * DAY_US
        lives, probes = await asyncio.gather(
            self._lives(tenant, service, from_us, end_us), self._probes(tenant, from_us, end_us)
        )
        found = histories(lives, probes, end_us)
        return {name: history for name, history in found.items() if not service or name == service}

    async def _lives(self, tenant: str, service: str, from_us: int, end_us: int) -> list[Life]:
        """Heartbeats; those of days that are over are asked for every ten minutes only."""
        midnight = end_us // DAY_US * DAY_US
        past, recent = await asyncio.gather(
            self._past_lives.get(
                (tenant, service, from_us, midnight),
                lambda: self._store.lives(tenant, from_us, midnight, LATE_US, service),
            ),
            self._store.lives(tenant, midnight, end_us, LATE_US, service),
        )
        return joined_lives(past, recent, LATE_US)

    async def _probes(self, tenant: str, from_us: int, end_us: int) -> list[Probe]:
        """Probes, in the same way."""
        midnight = end_us // DAY_US * DAY_US
        past, recent = await asyncio.gather(
            self._past_probes.get(
                (tenant, from_us, midnight), lambda: self._store.probes(tenant, PROBES, from_us, midnight, LATE_US)
            ),
            self._store.probes(tenant, PROBES, midnight, end_us, LATE_US),
        )
        return joined_probes(past, recent, LATE_US)

    def _moment(self, asked: Range) -> int:
        """The end of the part of a range that is past."""
        return min(asked.end_us, int(self._clock.now() * MICRO))

    async def _figures(self, tenant: str, asked: Range, service: str) -> TrafficFigures:
        rows = await self._traffic.traffic(tenant, TrafficQuestion(asked.first, asked.end, service=service))
        sums = summed(rows, lambda _row: "").get("", TrafficSums())
        return sums.figures(asked.past_seconds(self._clock.now()))

    async def _baseline(self, tenant: str, day: int, service: str) -> float | None:
        """The 95th percentile of the days before a day, in milliseconds; asked for every ten minutes only."""

        async def ask() -> float | None:
            before = Range(max(0, day - BASELINE_DAYS) * DAY, day * DAY)
            latency = (await self._figures(tenant, before, service)).latency
            return latency.p95_ms if latency else None

        return await self._baselines.get((tenant, service, day), ask)


def _reliability(name: str, of: Sequence[History], begin_us: int, end_us: int, target_percent: float) -> Reliability:
    outages = [one for history in of for one in history.outages(begin_us)]
    total = sum((share(history, begin_us, end_us) for history in of), Share())
    down = any(one.end_us is None for one in outages)
    return Reliability(name, total, len(outages), down, budget(of, end_us, target_percent))


def score_parts(traffic: TrafficFigures, baseline_ms: float | None, left: Budget) -> list[ScorePart]:
    """The parts that are known; their weights add up to 1."""
    known: dict[str, tuple[float, float, float]] = {}
    if traffic.requests:
        success = 100.0 - traffic.error_rate
        known["success"] = (success, success, 100.0)
    if traffic.latency and baseline_ms:
        p95_ms = traffic.latency.p95_ms
        known["latency"] = (min(100.0, 100.0 * baseline_ms / p95_ms) if p95_ms else 100.0, p95_ms, baseline_ms)
    if left.observed:
        known["budget"] = (min(100.0, max(0.0, left.left_percent)), left.left_percent, 100.0)
    total = sum(WEIGHTS[name] for name in known)
    return [ScorePart(name, found[0], WEIGHTS[name] / total, found[1], found[2]) for name, found in known.items()]
