import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from services.alerting.adapters.prometheus_gauges import PrometheusGauges
from services.alerting.domain.recording import Recorder
from services.alerting.ports import Alert
from services.core.errors import Unavailable
from tests.support.alerts import alert, count
from tests.support.clock import ManualClock

FAILURES = "binnacle_alerting_record_failures_total"
DROPPED = "binnacle_alerting_records_dropped_total"


class Journal:
    """A record that can go away, and refuses alerts named `bad`."""

    def __init__(self) -> None:
        self.away = False
        self.lines: list[tuple[str, str]] = []
        self.tried: list[list[str]] = []

    async def record(self, tenant: str, transitions: Sequence[Alert]) -> int:
        self.tried.append([alert.id for alert in transitions])
        if self.away:
            raise Unavailable("away")
        good = [alert.id for alert in transitions if alert.id != "bad"]
        self.lines += [(tenant, alert_id) for alert_id in good]
        return len(transitions) - len(good)


class Scene:
    def __init__(self, bound: int) -> None:
        self.journal, self.clock, self.registry = Journal(), ManualClock(), CollectorRegistry()
        self.recorder = Recorder(self.journal, self.clock, PrometheusGauges(self.registry), bound)


@asynccontextmanager
async def recording(bound: int = 100) -> AsyncIterator[Scene]:
    scene = Scene(bound)
    task = asyncio.create_task(scene.recorder.run())
    try:
        yield scene
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_transitions_are_recorded_in_order_each_for_its_tenant() -> None:
    async with recording() as scene:
        scene.recorder.put("one", [alert("a"), alert("b")])
        scene.recorder.put("two", [alert("c")])
        scene.recorder.put("one", [alert("d")])
        await scene.clock.advance(1)
        assert scene.journal.lines == [("one", "a"), ("one", "b"), ("two", "c"), ("one", "d")]


async def test_what_cannot_be_recorded_is_tried_until_it_is() -> None:
    async with recording() as scene:
        scene.journal.away = True
        scene.recorder.put("one", [alert("a")])
        await scene.clock.advance(60)
        scene.recorder.put("one", [alert("b")])
        scene.journal.away = False
        await scene.clock.advance(10)
        assert scene.journal.lines == [("one", "a"), ("one", "b")]
        # Word for word, since an answer may have been lost.
        assert scene.journal.tried == [["a"]] * (len(scene.journal.tried) - 1) + [["b"]]
        assert count(scene.registry, FAILURES) > 1
        assert count(scene.registry, DROPPED) == 0


async def test_a_full_queue_drops_the_newest_and_counts_them() -> None:
    async with recording(bound=2) as scene:
        scene.journal.away = True
        scene.recorder.put("one", [alert("a"), alert("b"), alert("c")])
        scene.journal.away = False
        await scene.clock.advance(10)
        assert scene.journal.lines == [("one", "a"), ("one", "b")]
        assert count(scene.registry, DROPPED) == 1


async def test_what_is_refused_for_good_is_counted_and_left() -> None:
    async with recording() as scene:
        scene.recorder.put("one", [alert("a"), alert("bad"), alert("b")])
        await scene.clock.advance(1)
        assert scene.journal.lines == [("one", "a"), ("one", "b")]
        assert count(scene.registry, DROPPED) == 1
