"""How pages do in browsers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.aggregator.domain.ranges.ranges import MICRO, Range
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps
from services.aggregator.domain.reports.traffic import Observed, percent
from services.aggregator.ports.clients import ClientStore
from services.aggregator.ports.gauges import GaugeStore
from services.core import conventions

MAX_PAGES = 100
MAX_MESSAGES = 20


@dataclass(slots=True)
class PageSums:
    """Views, errors and load times."""

    views: float = 0.0
    errors: float = 0.0
    loads: Observed = field(default_factory=Observed)

    @property
    def error_rate(self) -> float:
        """Errors in percent of views."""
        return percent(self.errors, self.views)


@dataclass(frozen=True, slots=True)
class ClientReport:
    """All pages together, the busiest pages, and each step; errors by message, most frequent first."""

    total: PageSums
    active: int
    pages: Sequence[tuple[str, PageSums]]
    points: Sequence[PageSums]
    messages: Sequence[tuple[str, float]]


class Clients:
    """Answers how pages do."""

    def __init__(self, clients: ClientStore, gauges: GaugeStore) -> None:
        self._clients = clients
        self._gauges = gauges

    async def report(self, tenant: str, asked: Range, steps: ZonedSteps) -> ClientReport:
        """The figures of a range."""
        recent = max(0, asked.end_us - conventions.FIGURES_WINDOW * MICRO)
        pages, messages, active, loads = await asyncio.gather(
            self._clients.pages(tenant, asked.first_us, asked.end_us, steps.stretch),
            self._clients.frequent_errors(tenant, asked.first_us, asked.end_us, MAX_MESSAGES),
            self._clients.active(tenant, recent, asked.end_us),
            self._gauges.observed(tenant, conventions.PAGE_LOAD_TIME, asked.first, asked.end, steps.stretch),
        )
        total, by_page = PageSums(), dict[str, PageSums]()
        points = [PageSums() for _step in range(len(steps))]
        for row in pages:
            for sums in (total, points[steps.place(row.start)], by_page.setdefault(row.page, PageSums())):
                sums.views += row.views
                sums.errors += row.errors
        for load in loads:
            page = by_page.setdefault(load.labels.get(conventions.PAGE_LABEL, ""), PageSums())
            for sums in (total, points[steps.place(load.start)], page):
                sums.loads.add(load.count, load.sum, load.buckets, load.counts)
        busiest = sorted(by_page.items(), key=lambda one: (-one[1].views, -one[1].loads.count, one[0]))[:MAX_PAGES]
        return ClientReport(total, active, busiest, points, messages)
