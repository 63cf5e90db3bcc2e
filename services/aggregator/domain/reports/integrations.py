"""How the services of others do, from calls to them."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.aggregator.domain.live.tenant_live import inferred_status
from services.aggregator.domain.live.window import Traffic
from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps
from services.aggregator.domain.reports.traffic import Latency, Observed, percent
from services.aggregator.ports.integrations import CallsQuestion, CallsRow, FailuresRow, IntegrationStore
from services.core.errors import InvalidInput, NotFound

MAX_INTEGRATIONS = 1_000
MAX_ENDPOINTS = 100
MAX_KINDS = 20
MAX_NAMED = 50


@dataclass(slots=True)
class CallSums:
    """Sums of rows."""

    calls: float = 0.0
    failures: float = 0.0
    last_success_us: int = 0
    last_failure_us: int = 0
    from_spans: bool = False
    from_events: bool = False
    observed: Observed = field(default_factory=Observed)

    def add(self, row: CallsRow) -> None:
        """Take in a row."""
        self.calls += row.calls
        self.failures += row.failures
        self.last_success_us = max(self.last_success_us, row.last_success_us)
        self.last_failure_us = max(self.last_failure_us, row.last_failure_us)
        self.from_spans |= row.from_spans
        self.from_events |= not row.from_spans
        self.observed.add(row.timed, row.time_ms, row.buckets, row.counts)

    @property
    def success_rate(self) -> float:
        """Calls that did not fail, in percent; 100 without calls."""
        return 100.0 - percent(self.failures, self.calls)

    @property
    def status(self) -> str:
        """The state by its share of failures, as that of a service by its errors."""
        return inferred_status(Traffic(self.calls, self.failures))

    @property
    def latency(self) -> Latency | None:
        """How long they took."""
        return self.observed.latency()


@dataclass(frozen=True, slots=True)
class Integration:
    """One integration over a range; `errors` are kinds of failures with their counts, most frequent first."""

    name: str
    calls: CallSums
    errors: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class IntegrationDetail:
    """One integration with its endpoints, busiest first, and its calls of each step."""

    integration: Integration
    endpoints: Sequence[tuple[str, CallSums]]
    points: Sequence[CallSums]


class Integrations:
    """Answers how integrations do."""

    def __init__(self, store: IntegrationStore) -> None:
        self._store = store

    async def listed(self, tenant: str, asked: Range) -> list[Integration]:
        """All that was called, by name."""
        question = CallsQuestion(asked.first_us, asked.end_us)
        rows, failures = await asyncio.gather(
            self._store.calls(tenant, question), self._store.failures(tenant, question)
        )
        return _integrations(rows, failures)

    async def get(self, tenant: str, asked: Range, steps: ZonedSteps, name: str) -> IntegrationDetail:
        """One in full. Raises NotFound when it was not called, naming what was."""
        question = CallsQuestion(asked.first_us, asked.end_us, name)
        by_endpoint = CallsQuestion(asked.first_us, asked.end_us, name, by_endpoint=True)
        by_step = CallsQuestion(asked.first_us, asked.end_us, name, bucket_seconds=steps.stretch)
        endpoints, parts, failures = await asyncio.gather(
            self._store.calls(tenant, by_endpoint),
            self._store.calls(tenant, by_step),
            self._store.failures(tenant, question),
        )
        found = _integrations(endpoints, failures)
        if not found:
            others = [one.name for one in await self.listed(tenant, asked)]
            told = f"what was: {', '.join(others[:MAX_NAMED])}" if others else "nor was anything else"
            raise NotFound(f"{name} was not called within the range; {told}")
        points = [CallSums() for _step in range(len(steps))]
        for row in parts:
            points[steps.place(row.start)].add(row)
        return IntegrationDetail(found[0], _endpoints(endpoints), points)


def _integrations(rows: Iterable[CallsRow], failures: Iterable[FailuresRow]) -> list[Integration]:
    sums: dict[str, CallSums] = {}
    for row in rows:
        sums.setdefault(row.integration, CallSums()).add(row)
    if len(sums) > MAX_INTEGRATIONS:
        raise InvalidInput.of("start_time", f"more than {MAX_INTEGRATIONS:,} integrations: ask for a shorter range")
    kinds: dict[str, Counter[str]] = {}
    for failure in failures:
        kinds.setdefault(failure.integration, Counter())[failure.kind] += int(failure.count)
    return [Integration(name, sums[name], _frequent(kinds.get(name, {}))) for name in sorted(sums)]


def _frequent(kinds: Mapping[str, int]) -> list[tuple[str, float]]:
    return [(kind, float(kinds[kind])) for kind in sorted(kinds, key=lambda kind: (-kinds[kind], kind))][:MAX_KINDS]


def _endpoints(rows: Iterable[CallsRow]) -> list[tuple[str, CallSums]]:
    sums: dict[str, CallSums] = {}
    for row in rows:
        sums.setdefault(row.endpoint, CallSums()).add(row)
    return sorted(sums.items(), key=lambda one: (-one[1].calls, one[0]))[:MAX_ENDPOINTS]
