"""Judges instant rules as samples and events come in. What a broken feed missed is read, before it goes on."""

import asyncio
import math
from collections.abc import Sequence
from contextlib import aclosing
from typing import Protocol

from services.alerting.domain.judging.event_matching import Expressions
from services.alerting.domain.judging.instants import EventPanel, SamplePanel, SampleRouter
from services.alerting.domain.judging.schedule import Fare
from services.alerting.domain.judging.turns import portions
from services.alerting.domain.retries import Backoff
from services.alerting.ports.gauges import Gauges
from services.alerting.ports.judging import Book
from services.alerting.ports.sources import EventSource, Samples, SampleSource
from services.core.clock import Clock
from services.core.errors import BinnacleError

LATE_SECONDS = 60.0
"""What a broken feed missed may be older than the break by so much."""
AHEAD_SECONDS = 60.0
MOST_MISSED_SECONDS = 3_600.0
READ_SECONDS = 10.0
"""How often is read what a feed of events may not have told: what came in while an aggregator was away."""
MILLISECOND = 0.001


class Intake(Protocol):
    """Rules that are judged by a feed."""

    fare: Fare
    rule_ids: list[str]

    async def follow(self, backoff: Backoff) -> None:
        """Judge until the feed ends; raises why."""
        ...


class SampleIntake:
    """The instant rules of one tenant on samples."""

    def __init__(
        self,
        tenant: str,
        book: Book,
        panels: Sequence[SamplePanel],
        source: SampleSource,
        expressions: Expressions,
        clock: Clock,
        since: float,
    ) -> None:
        self._tenant = tenant
        self._book = book
        self._panels = panels
        self._source = source
        self._clock = clock
        self._router = SampleRouter(panels, expressions)
        self._selectors = list(dict.fromkeys(panel.selector for panel in panels))
        # What stands in the windows has to be seen before anything is judged.
        self._windows = max(panel.window for panel in panels)
        self._read_from = since - self._windows
        self.rule_ids = [rule_id for panel in panels for rule_id in panel.rule_ids]
        self.fare = Fare()

    async def follow(self, backoff: Backoff) -> None:
        """Judge until the feed ends; raises why."""
        async with aclosing(self._source.watch(self._tenant, self._selectors)) as feed:
            behind = True
            async for samples in feed:
                started = self._clock.monotonic()
                await self._take(samples)
                # What comes in by others is not told.
                if behind or samples.partial:
                    await self._read()
                self._read_from, behind = self._clock.now() - LATE_SECONDS, False
                await self._tick()
                self.fare.judged_at, self.fare.failure = self._clock.now(), ""
                self.fare.judged_ms = (self._clock.monotonic() - started) * 1e3 / len(self.rule_ids)
                backoff.succeeded()

    async def _read(self) -> None:
        until = self._clock.now() + AHEAD_SECONDS
        start = max(self._read_from, until - MOST_MISSED_SECONDS - self._windows, 0.0)
        await self._take(await self._source.read(self._tenant, self._selectors, start, until))

    async def _take(self, samples: Samples) -> None:
        for place, some in enumerate(portions(samples)):
            if place:
                await asyncio.sleep(0)
            self._router.feed(some)

    async def _tick(self) -> None:
        for panel in self._panels:
            at = self._clock.now() - panel.grace
            for _part in panel.panel.ticking(at):
                await asyncio.sleep(0)
            self._book.answered(panel.rule_ids, at)


class EventIntake:
    """The rules of one tenant on single events."""

    def __init__(
        self,
        tenant: str,
        book: Book,
        panels: Sequence[EventPanel],
        source: EventSource,
        expressions: Expressions,
        clock: Clock,
        since: float,
    ) -> None:
        self._tenant = tenant
        self._book = book
        self._panels = panels
        self._source = source
        self._expressions = expressions
        self._clock = clock
        self._since = self._read_from = since
        self.rule_ids = [panel.rule.id for panel in panels]
        self.fare = Fare()

    async def follow(self, backoff: Backoff) -> None:
        """Judge until the feed ends; raises why."""
        async with aclosing(self._source.watch(self._tenant)) as feed:
            read_at = -math.inf
            async for events in feed:
                for panel in self._panels:
                    panel.take(events, self._expressions)
                # What the feed missed.
                if self._clock.now() - read_at >= READ_SECONDS:
                    read_at = self._clock.now()
                    await self._read(read_at)
                self._tick()
                self.fare.judged_at, self.fare.failure = self._clock.now(), ""
                backoff.succeeded()

    async def _read(self, now: float) -> None:
        start = max(self._read_from, self._since, now - MOST_MISSED_SECONDS, 0.0)
        for panel in self._panels:
            asked, until = panel.condition, now + AHEAD_SECONDS
            counts = await self._source.counts(self._tenant, asked.conditions, asked.by, start, until, MILLISECOND)
            panel.take_read(counts)
            panel.forget(now - 2 * LATE_SECONDS)
        self._read_from = now - LATE_SECONDS

    def _tick(self) -> None:
        for panel in self._panels:
            at = self._clock.now() - panel.rule.grace
            panel.panel.tick(at)
            self._book.answered([panel.rule.id], at)


async def keep_following(intake: Intake, book: Book, clock: Clock, gauges: Gauges) -> None:
    """Follow a feed for ever; while it is broken its rules cannot be judged."""
    backoff = Backoff(clock)
    while True:
        try:
            await intake.follow(backoff)
        except BinnacleError as failure:
            intake.fare.failure = str(failure)
            book.failed(intake.rule_ids, clock.now())
            gauges.source_failed()
        await backoff.wait()
