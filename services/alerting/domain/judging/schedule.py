"""Judges rules at their ticks, their grace later."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.alerting.domain.judging.composites import CompositeTable
from services.alerting.domain.judging.plans import Cadence, Plan
from services.alerting.domain.retries import Backoff
from services.alerting.ports.gauges import Gauges
from services.alerting.ports.judging import Book
from services.core.clock import Clock
from services.core.errors import BinnacleError, Unavailable

AT_ONCE = 4
"""Questions of one tenant at a time, so that nobody's many rules hold up those of others."""
BEHIND_SECONDS = 300.0
"""What could not be judged for longer is left out."""


@dataclass(slots=True)
class Fare:
    """How the rules of a plan fared last; `failure` is empty where they could be judged."""

    judged_at: float | None = None
    judged_ms: float = 0.0
    failure: str = ""


class Schedule:
    """The rules of one tenant that share an interval and a grace; composites after the others."""

    def __init__(
        self, tenant: str, book: Book, cadence: Cadence, plans: Sequence[Plan], composites: Sequence[CompositeTable]
    ) -> None:
        self._tenant = tenant
        self._book = book
        self._interval, self._grace = cadence
        self._plans = plans
        self.composites = composites
        self.fares = {rule_id: fare for plan in plans for fare in [Fare()] for rule_id in plan.rule_ids}
        self.fares |= {composite.rule.id: Fare() for composite in composites}

    async def run(self, clock: Clock, gauges: Gauges, slots: asyncio.Semaphore, after: float) -> None:
        """Judge for ever, at each tick that was not due at a time. While nobody answers a tick is tried again."""
        backoff = Backoff(clock)
        tick = math.floor((after - self._grace) / self._interval) + 1
        while True:
            tick = max(tick, math.ceil((clock.now() - self._grace - BEHIND_SECONDS) / self._interval))
            at = tick * self._interval
            await clock.sleep(max(at + self._grace - clock.now(), 0.0))
            if await self._judged(at, clock, slots):
                gauges.evaluated(clock.now() - at - self._grace)
                backoff.succeeded()
                tick += 1
            else:
                gauges.source_failed()
                await backoff.wait()

    async def _judged(self, at: float, clock: Clock, slots: asyncio.Semaphore) -> bool:
        """Judge all plans at a tick; whether there was somebody to ask. What was judged is not judged again."""
        async with asyncio.TaskGroup() as tasks:
            asking = [tasks.create_task(self._judge(plan, at, clock, slots)) for plan in self._plans]
        if not all(task.result() for task in asking):
            return False
        for composite in self.composites:
            composite.judge(at)
            self.fares[composite.rule.id].judged_at = at
        return True

    async def _judge(self, plan: Plan, at: float, clock: Clock, slots: asyncio.Semaphore) -> bool:
        fare = self.fares[plan.rule_ids[0]]
        if fare.judged_at is not None and fare.judged_at >= at:
            return True
        async with slots:
            started = clock.monotonic()
            try:
                await plan.judge(self._tenant, self._book, at, np.array([at]))
            except BinnacleError as failure:
                fare.failure = str(failure)
                now = math.floor((clock.now() - self._grace) / self._interval) * self._interval
                self._book.failed(plan.rule_ids, max(at, now))
                return not isinstance(failure, Unavailable)
            fare.judged_at, fare.failure = at, ""
            fare.judged_ms = (clock.monotonic() - started) * 1e3 / len(plan.rule_ids)
            return True
