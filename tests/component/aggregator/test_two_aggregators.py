"""Two aggregators, as processes, over one store behind a server; collectors that go on to the other."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.events.v1 import events_pb2
from binnacle.metrics.v1 import metrics_pb2
from tests.component.aggregator.site import Site
from tests.component.collector.collectors import Collector
from tests.support.clickhouse import ClickHouseServer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.store, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(240)]

REQUESTS = 60
KILLED_AFTER = 25
_SERIES = "series_id IN (SELECT id FROM series WHERE name = 'load')"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    with ClickHouseServer(tmp_path / "clickhouse") as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, server: ClickHouseServer) -> Site:
    return Site(tmp_path, server)


async def write(running: Collector, number: int, at: float) -> None:
    """One request of an event that counts as traffic, and one of a sample; both with names."""
    event = events_pb2.Event(type="request", service=f"s{number}")
    await running.ingest.WriteEvents(pb.WriteEventsRequest(events=[event], batch_id=f"event {number}"))
    series = metrics_pb2.LabelledSeries(
        series=metrics_pb2.SeriesDefinition(name="load"), times_unix_ms=[round((at + number) * 1e3)], values=[number]
    )
    await running.ingest.WriteSeries(pb.WriteSeriesRequest(series=[series], batch_id=f"sample {number}"))


def stored(site: Site) -> dict[str, int]:
    rows = site.rows("SELECT service, count() FROM events WHERE type = 'request' GROUP BY service")
    return {service: int(count) for service, count in rows}


async def settled(site: Site, requests: int) -> None:
    """Nothing is on its way any more: every request is there, and all that was marked is rolled up."""

    async def arrived() -> bool:
        [[samples]] = site.rows(f"SELECT uniqExact(value) FROM samples_values WHERE {_SERIES}")
        outdated = site.rows(
            "SELECT bucket FROM rollup_marks WHERE tier = 60 GROUP BY tenant, bucket"
            " HAVING max(disturbed) > max(rolled) AND bucket < now() - INTERVAL 2 MINUTE"
        )
        return len(stored(site)) == requests and samples == requests and not outdated

    await eventually(arrived, "everything is stored and rolled up", within=90)


async def test_two_start_at_once_and_the_store_is_made_once(site: Site) -> None:
    async with AsyncExitStack() as running:
        await asyncio.gather(*(running.enter_async_context(site.aggregator(place)) for place in (0, 1)))
        versions = Counter(version for [version] in site.rows("SELECT version FROM schema_versions"))
        assert versions
        assert set(versions.values()) == {1}


async def test_repeats_through_both_and_one_killed_under_load(site: Site) -> None:
    start = time.time() // 60 * 60 - 600
    async with site.aggregator(1), site.collector(0) as one, site.collector(1) as two:
        async with site.aggregator(0) as doomed:
            for number in range(REQUESTS):
                await asyncio.gather(write(one, number, start), write(two, number, start))
                if number == KILLED_AFTER:
                    doomed.kill()
                await asyncio.sleep(0.02)
        await settled(site, REQUESTS)
    assert stored(site) == {f"s{number}": 1 for number in range(REQUESTS)}
    assert site.rows("SELECT sum(requests) FROM signals") == [[REQUESTS]]
    total = sum(range(REQUESTS))
    assert site.rows(f"SELECT count(), sum(value) FROM samples_values WHERE {_SERIES}") == [[REQUESTS, total]]
    assert site.rows(f"SELECT sum(count), sum(rollup_minutes.sum) FROM rollup_minutes FINAL WHERE {_SERIES}") == [
        [REQUESTS, total]
    ]


async def test_a_collector_that_comes_back_is_caught_up_with(site: Site) -> None:
    async with site.aggregator(1), site.collector(0) as one:
        for turn in range(3):
            async with site.aggregator(0):
                await write(one, 2 * turn, time.time() - 600)
                await eventually(_has(site, f"s{2 * turn}"), "the first has it", within=60)
            await write(one, 2 * turn + 1, time.time() - 600)
            await eventually(_has(site, f"s{2 * turn + 1}"), "the other has it", within=60)
    assert stored(site) == {f"s{number}": 1 for number in range(6)}


def _has(site: Site, service: str) -> Callable[[], Awaitable[bool]]:
    async def there() -> bool:
        return service in stored(site)

    return there
