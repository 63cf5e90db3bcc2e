"""Alerting of all tenants: observations in; state, record and watchers out."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from services.alerting.domain.evaluation import AlertBook, Changes
from services.alerting.domain.feed import Feed, Reader
from services.alerting.domain.keeping import Keeper
from services.alerting.domain.recording import Recorder
from services.alerting.domain.retries import Backoff
from services.alerting.domain.rules import Rule
from services.alerting.ports import Alert, Gauges, Observation, OverviewSource, StateStore, Tenants, TransitionLog
from services.core.clock import Clock
from services.core.errors import BinnacleError, Unavailable

STORE_PATIENCE = 3.0
"""Seconds to wait for the state of a former run before judging without it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything outside that alerting talks to."""

    source: OverviewSource
    store: StateStore
    log: TransitionLog
    tenants: Tenants
    clock: Clock
    gauges: Gauges


class TenantAlerting:
    """One tenant: follows its overview, keeps its alerts, tells its watchers."""

    def __init__(self, tenant: str, rules: Sequence[Rule], around: Surroundings, recorder: Recorder) -> None:
        self._tenant = tenant
        self._around = around
        self._recorder = recorder
        self._book = AlertBook(tenant, rules)
        self._keeper = Keeper(tenant, around.store, around.clock, around.gauges)
        self._loaded = asyncio.Event()
        self.feed = Feed()
        self.observed = False

    def alerts(self) -> tuple[Alert, ...]:
        """Every alert as it stands, in no order."""
        return self._book.alerts()

    async def run(self, patience: float) -> None:
        """Judge for ever, from the state of the former run if the store gives it within `patience` seconds."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep())
            await self._state_or_patience(patience)
            await self._follow()

    async def _state_or_patience(self, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                await self._loaded.wait()
        except TimeoutError:
            return

    async def _keep(self) -> None:
        self._spread(self._book.adopt(await self._keeper.load(), self._around.clock.now()))
        self._loaded.set()
        await self._keeper.run(self._book.alerts)

    async def _follow(self) -> None:
        backoff = Backoff(self._around.clock)
        while True:
            try:
                async with aclosing(self._around.source.watch(self._tenant)) as observations:
                    async for observation in observations:
                        self._judge(observation)
                        backoff.succeeded()
            except BinnacleError:
                self._around.gauges.source_failed()
            await backoff.wait()

    def _judge(self, observation: Observation) -> None:
        self._spread(self._book.evaluate(observation))
        self._around.gauges.evaluated(self._around.clock.now() - observation.at)
        self.observed = True

    def _spread(self, changes: Changes) -> None:
        self._keeper.put(changes)
        self._recorder.put(self._tenant, changes.transitions)
        self.feed.publish(changes.transitions)
        for alert in changes.transitions:
            self._around.gauges.transitioned(alert.state)


class Alerting:
    """Every tenant's alerting."""

    def __init__(self, rules: Sequence[Rule], around: Surroundings) -> None:
        self._rules = rules
        self._around = around
        self._recorder = Recorder(around.log, around.clock, around.gauges)
        self._tenants: dict[str, TenantAlerting] = {}

    async def run(self, patience: float = STORE_PATIENCE) -> None:
        """Judge every tenant for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._recorder.run())
            for tenant in await self._around.tenants.known():
                self._tenants[tenant] = TenantAlerting(tenant, self._rules, self._around, self._recorder)
                tasks.create_task(self._tenants[tenant].run(patience))

    async def ready(self) -> None:
        """Return once every tenant was judged at least once. Errors: Unavailable with the reason."""
        if not self._tenants:
            raise Unavailable("alerting is starting")
        if not all(tenant.observed for tenant in self._tenants.values()):
            raise Unavailable("the aggregator has not answered yet")

    def alerts(self, tenant: str) -> tuple[Alert, ...]:
        """Every alert of a tenant as it stands, in no order; none of an unknown tenant."""
        known = self._tenants.get(tenant)
        return known.alerts() if known else ()

    @contextmanager
    def watch(self, tenant: str) -> Iterator[tuple[tuple[Alert, ...], Reader]]:
        """Every alert as it stands, and a reader of the transitions from there on. Errors: Unavailable."""
        known = self._tenants.get(tenant)
        if known is None:
            raise Unavailable(f"nothing is known of tenant {tenant!r} yet")
        with known.feed.reader() as reader:
            yield known.alerts(), reader

    def close(self) -> None:
        """End every watcher."""
        for tenant in self._tenants.values():
            tenant.feed.close()
