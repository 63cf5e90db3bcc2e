import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from services.alerting.adapters.memory_states import MemoryStates
from services.alerting.adapters.prometheus_gauges import PrometheusGauges
from services.alerting.domain.evaluation import Changes
from services.alerting.domain.keeping import Keeper
from services.alerting.ports import Alert, AlertState
from services.core.errors import Unavailable
from tests.support.alerts import alert, count
from tests.support.clock import ManualClock

FAILURES = "binnacle_alerting_store_failures_total"


class FlakyStates(MemoryStates):
    """A store that can go away, and forget everything meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False

    def lose_all(self) -> None:
        self._kept.clear()

    async def load(self, tenant: str) -> Sequence[Alert]:
        self._answer()
        return await super().load(tenant)

    async def save(self, tenant: str, alerts: Sequence[Alert], forgotten: Sequence[str]) -> None:
        self._answer()
        await super().save(tenant, alerts, forgotten)

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("away")


class Scene:
    def __init__(self) -> None:
        self.store, self.clock, self.registry = FlakyStates(), ManualClock(), CollectorRegistry()
        self.keeper = Keeper("default", self.store, self.clock, PrometheusGauges(self.registry))
        self.alerts: dict[str, Alert] = {}

    def put(self, *transitions: Alert, forgotten: tuple[str, ...] = ()) -> None:
        self.alerts |= {alert.id: alert for alert in transitions}
        for alert_id in forgotten:
            self.alerts.pop(alert_id, None)
        self.keeper.put(Changes(transitions, forgotten))

    async def kept(self) -> dict[str, AlertState]:
        """What the store has, once the keeper had time to write."""
        await self.clock.advance(10)
        return {alert.id: alert.state for alert in await MemoryStates.load(self.store, "default")}


@asynccontextmanager
async def keeping() -> AsyncIterator[Scene]:
    scene = Scene()
    task = asyncio.create_task(scene.keeper.run(lambda: scene.alerts.values()))
    try:
        yield scene
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_changes_are_written_as_they_come() -> None:
    async with keeping() as scene:
        scene.put(alert("a"), alert("b"))
        assert set(await scene.kept()) == {"a", "b"}
        scene.put(alert("a", AlertState.FIRING), forgotten=("b",))
        assert await scene.kept() == {"a": AlertState.FIRING}


async def test_while_the_store_is_away_the_latest_of_each_waits() -> None:
    async with keeping() as scene:
        scene.put(alert("a"), alert("b"))
        await scene.kept()
        scene.store.away = True
        scene.put(alert("a", AlertState.FIRING))
        await scene.kept()
        scene.put(alert("a", AlertState.RESOLVED), forgotten=("b",))
        assert await scene.kept() == {"a": AlertState.PENDING, "b": AlertState.PENDING}
        assert count(scene.registry, FAILURES) > 0
        scene.store.away = False
        assert await scene.kept() == {"a": AlertState.RESOLVED}


async def test_a_store_that_came_back_empty_is_given_everything() -> None:
    async with keeping() as scene:
        scene.put(alert("a", AlertState.FIRING))
        await scene.kept()
        scene.store.away = True
        scene.put(alert("b"))
        await scene.kept()
        scene.store.lose_all()
        scene.store.away = False
        assert await scene.kept() == {"a": AlertState.FIRING, "b": AlertState.PENDING}


async def test_loading_goes_on_until_the_store_answers() -> None:
    scene = Scene()
    await scene.store.save("default", [alert("a")], [])
    scene.store.away = True
    loading = asyncio.create_task(scene.keeper.load())
    await scene.clock.advance(30)
    assert not loading.done()
    scene.store.away = False
    await scene.clock.advance(5)
    assert [kept.id for kept in await loading] == ["a"]
