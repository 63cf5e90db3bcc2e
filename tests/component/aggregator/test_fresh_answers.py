"""What was acknowledged is in the answers within a second, of two aggregators over one store too."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from binnacle.aggregator.v1 import time_series_service_pb2 as service, time_series_service_pb2_grpc
from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.metrics.v1 import metrics_pb2
from binnacle.query.v1 import query_pb2
from tests.component.aggregator.site import Site
from tests.component.collector.collectors import Collector
from tests.support.clickhouse import ClickHouseServer
from tests.support.metric_queries import selected
from tests.support.outages import patience

pytestmark = [pytest.mark.store, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(240)]

SAMPLES = 12
SOON_SECONDS = 1.0
PROCESSES = 5
"""Collector, aggregator, store, the other aggregator, this one: each may have to wait for a core."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    with ClickHouseServer(tmp_path / "clickhouse") as running:
        yield running


class Metronome:
    """Measures how long a process waits for a core of this machine meanwhile."""

    def __init__(self) -> None:
        self.latest = 0.0

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        beats = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beats.cancel()

    async def _beat(self) -> None:
        while True:
            due = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            self.latest = max(self.latest, time.monotonic() - due)


async def write(running: Collector, number: int) -> float:
    """A sample of a new series; when it was acknowledged."""
    series = metrics_pb2.LabelledSeries(
        series=metrics_pb2.SeriesDefinition(name="tide", labels={"number": str(number)}),
        times_unix_ms=[round(time.time() * 1e3)],
        values=[number],
    )
    await running.ingest.WriteSeries(pb.WriteSeriesRequest(series=[series]))
    return time.monotonic()


async def told(stub: Any, number: int) -> None:
    """Return once an answer has the sample."""
    newest = selected("tide", query_pb2.FUNCTION_LAST, matchers=[query_pb2.Matcher(label="number", value=str(number))])
    request = service.QueryTimeSeriesRequest(query=query_pb2.TimeSeriesQuery(expressions=[newest], instant=True))
    while True:
        answer = (await stub.QueryTimeSeries(request)).answer
        if [list(series.values) for series in answer.results[0].series] == [[number]]:
            return
        await asyncio.sleep(0.05)


async def test_both_aggregators_tell_what_either_has_stored(tmp_path: Path, server: ClickHouseServer) -> None:
    site, metronome = Site(tmp_path, server), Metronome()
    took: list[float] = []
    async with AsyncExitStack() as running:
        for place in (0, 1):
            await running.enter_async_context(site.aggregator(place))
        collectors = [await running.enter_async_context(site.collector(place)) for place in (0, 1)]
        channels = [await running.enter_async_context(site.channel(place)) for place in (0, 1)]
        stubs = [time_series_service_pb2_grpc.TimeSeriesServiceStub(channel) for channel in channels]
        async with metronome.beating():
            for number in range(SAMPLES):
                acknowledged = await write(collectors[number % 2], number)
                await asyncio.gather(*(told(stub, number) for stub in stubs))
                took.append(time.monotonic() - acknowledged)
    # The first sample of a collector waits for its connection.
    late = sorted(took[2:])
    assert late[-1] < patience(SOON_SECONDS) + 2 * PROCESSES * metronome.latest, (late, metronome.latest)
