"""A request that is repeated through another collector, each with its own journal, on one aggregator."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from binnacle.aggregator.v1 import overview_service_pb2, query_service_pb2
from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.events.v1 import events_pb2
from services.aggregator.config import AggregatorConfig
from services.aggregator.wiring import wire
from tests.component.aggregator.aggregators import Aggregator
from tests.component.collector.collectors import Collector, collector
from tests.support.empty_store import lay_empty_store
from tests.support.services import running_service, socket_address
from tests.support.waiting import eventually

pytestmark = [pytest.mark.store, pytest.mark.network]


class Site:
    """An aggregator at one address, and collectors, each with a folder of its own; all can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._address = socket_address("aggregator")

    @asynccontextmanager
    async def aggregator(self) -> AsyncIterator[Aggregator]:
        config = AggregatorConfig(listen=self._address, data_dir=self._folder, drain_seconds=1)
        async with running_service("aggregator", config, wire) as channel:
            started = Aggregator(channel)
            await started.until_ready()
            yield started

    @asynccontextmanager
    async def collector(self, name: str) -> AsyncIterator[Collector]:
        async with collector(self._folder / name, address=self._address) as running:
            yield running


@pytest.fixture
def site(tmp_path: Path) -> Site:
    lay_empty_store(tmp_path / "aggregator" / "chdb")
    return Site(tmp_path)


async def write(running: Collector, service: str, batch_id: str = "") -> None:
    request = pb.WriteEventsRequest(events=[events_pb2.Event(type="request", service=service)], batch_id=batch_id)
    assert (await running.ingest.WriteEvents(request)).accepted == 1


async def stored(aggregator: Aggregator) -> Counter[str]:
    answer = await aggregator.query.ListTrackedEvents(query_service_pb2.ListTrackedEventsRequest(limit=1_000))
    return Counter(each.service for each in answer.events)


async def shown(aggregator: Aggregator) -> dict[str, float]:
    answer = await aggregator.overview.GetOverview(overview_service_pb2.GetOverviewRequest())
    return {name: service.request_count for name, service in answer.state.snapshot.services.items()}


async def expect(aggregator: Aggregator, *requests: str) -> None:
    """The requests, each once, are all there is; the last ones written are the last to arrive."""

    async def arrived() -> bool:
        return set(requests) <= set(await stored(aggregator)) and set(requests) <= set(await shown(aggregator))

    await eventually(arrived, f"{requests} are stored", within=60)
    assert await stored(aggregator) == dict.fromkeys(requests, 1)
    assert await shown(aggregator) == dict.fromkeys(requests, 1)


async def test_through_another_collector(site: Site) -> None:
    async with site.aggregator() as aggregator, site.collector("one") as one, site.collector("two") as two:
        await write(one, "k", "k")
        await write(two, "k", "k")
        for running, mark in ((one, "mark 1"), (two, "mark 2")):
            await write(running, mark)
        await expect(aggregator, "k", "mark 1", "mark 2")


async def test_the_repetition_overtakes_the_first(site: Site) -> None:
    async with site.collector("one") as one:
        await write(one, "k", "k")
    async with site.aggregator() as aggregator, site.collector("two") as two:
        await write(two, "k", "k")
        await expect(aggregator, "k")
        async with site.collector("one") as one:
            await write(one, "mark")
            await expect(aggregator, "k", "mark")


async def test_after_restarts_of_all(site: Site) -> None:
    async with site.aggregator() as aggregator, site.collector("one") as one:
        await write(one, "k", "k")
        await expect(aggregator, "k")
    for place in ("one", "two"):
        async with site.aggregator() as aggregator, site.collector(place) as running:
            await write(running, "k", "k")
            await write(running, f"mark {place}")
            await expect(aggregator, "k", *(("mark one",) if place == "one" else ("mark one", "mark two")))


async def test_a_watcher_sees_it_once(site: Site) -> None:
    async with site.aggregator() as aggregator, site.collector("one") as one, site.collector("two") as two:
        watch = aggregator.overview.WatchOverview(overview_service_pb2.WatchOverviewRequest())
        seen: list[str] = []

        async def marked() -> bool:
            answer = await watch.read()
            seen.extend(event.service for event in answer.frame.events.events)
            return "mark" in seen

        await watch.read()
        purchase = pb.WriteEventsRequest(events=[events_pb2.Event(type="purchase", service="k")], batch_id="k")
        for running in (one, two, one):
            await running.ingest.WriteEvents(purchase)
        await expect_stored(aggregator, "k")
        await two.ingest.WriteEvents(pb.WriteEventsRequest(events=[events_pb2.Event(type="purchase", service="mark")]))
        await eventually(marked, "the mark is shown", within=60)
        watch.cancel()
        assert seen == ["k", "mark"]


async def expect_stored(aggregator: Aggregator, service: str) -> None:
    async def arrived() -> bool:
        return bool((await stored(aggregator))[service])

    await eventually(arrived, f"{service} is stored", within=60)
