import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from services.alerting.adapters.prometheus_gauges import PrometheusGauges
from services.alerting.domain import outbox
from services.alerting.domain.outbox import Outbox, batches_of
from services.alerting.ports.states import Batch
from services.core.errors import Unavailable
from tests.support.alerts import alert, count, transition
from tests.support.clock import ManualClock

DROPPED = "binnacle_alerting_records_dropped_total"


class Record:
    """What was recorded, and how often it could not be."""

    def __init__(self) -> None:
        self.away = 0
        self.refused = 0
        self.names: list[str] = []

    async def record(self, tenant: str, batch: Batch) -> int:
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        self.names.append(f"{tenant} {batch.name}")
        return self.refused


def batch(name: str) -> Batch:
    return Batch(name, (transition(alert(name)),))


@asynccontextmanager
async def running(record: Record, registry: CollectorRegistry) -> AsyncIterator[tuple[Outbox, ManualClock]]:
    clock = ManualClock()
    made = Outbox("default", record, clock, PrometheusGauges(registry))
    task = asyncio.create_task(made.run())
    yield made, clock
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_batches_are_recorded_in_order_and_again_until_they_are() -> None:
    record, registry = Record(), CollectorRegistry()
    record.away = 3
    async with running(record, registry) as (box, clock):
        box.put([batch("a"), batch("b")])
        await clock.advance(0.1)
        assert record.names == []
        box.put([batch("b"), batch("c")])
        await clock.advance(10)
        assert record.names == ["default a", "default b", "default c"]
        assert (box.take_done(), box.take_done(), list(box.waiting())) == (["a", "b", "c"], [], [])
    assert count(registry, "binnacle_alerting_record_failures_total") == 3


async def test_what_is_refused_for_good_is_counted_and_not_repeated() -> None:
    record, registry = Record(), CollectorRegistry()
    record.refused = 1
    async with running(record, registry) as (box, clock):
        box.put([batch("a")])
        await clock.advance(10)
    assert (record.names, count(registry, DROPPED)) == (["default a"], 1)


async def test_beyond_its_bound_it_drops_and_says_how_many() -> None:
    record, registry = Record(), CollectorRegistry()
    record.away = 10**6
    async with running(record, registry) as (box, _clock):
        box.put([batch(str(number)) for number in range(outbox.MOST_WAITING + 3)])
        assert (len(box.waiting()), count(registry, DROPPED)) == (outbox.MOST_WAITING, 3)


def test_a_batch_is_named_by_what_it_holds() -> None:
    transitions = [transition(alert(str(number))) for number in range(outbox.MOST_TOGETHER + 1)]
    first, second = batches_of(transitions)
    assert (len(first.transitions), len(second.transitions)) == (outbox.MOST_TOGETHER, 1)
    assert [each.name for each in batches_of(transitions)] == [first.name, second.name]
    assert first.name != second.name
