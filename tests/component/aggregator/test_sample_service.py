"""Raw samples, newest samples, heartbeats and counts of events over a real store; traffic as series."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import grpc
import numpy as np
import pytest

from binnacle.aggregator.v1 import (
    sample_service_pb2 as pb,
    sample_service_pb2_grpc,
    time_series_service_pb2,
    time_series_service_pb2_grpc,
)
from binnacle.query.v1 import query_pb2
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.component.aggregator.test_tail_service import eventually_fed
from tests.support.journals import record
from tests.support.metric_queries import at, selected

pytestmark = pytest.mark.store

NOW = float(int(time.time()))
HOSTS = [(n, "heat", {"host": f"web-{n}"}) for n in range(3)]
SAMPLES = [(n, NOW - second, float(10 * n + second)) for n in range(3) for second in (30, 20, 10)]
HEAT = pb.Selector(metric="heat")
Found = dict[str, list[tuple[float, float]]]


class Columns:
    """Messages of samples, put together."""

    def __init__(self) -> None:
        self.names: dict[int, Mapping[str, str]] = {}
        self.found: Found = {}

    def take(self, rows: pb.SampleRows) -> None:
        self.names |= {one.id: dict(one.labels) for one in rows.series}
        ids, times = np.frombuffer(rows.series_ids, "<u8"), np.frombuffer(rows.times_unix_ms, "<i8")
        for identity, ms, value in zip(ids, times, np.frombuffer(rows.values, "<f8"), strict=True):
            labels = self.names[int(identity)]
            name = labels.get("host") or labels["service"]
            self.found.setdefault(name, []).append((ms / 1e3 - NOW, float(value)))


def stub(aggregator: Aggregator) -> Any:
    return sample_service_pb2_grpc.SampleServiceStub(aggregator.channel)


async def read(aggregator: Aggregator, start: float, end: float, tenant: str = "default", **more: Any) -> Found:
    request = pb.ReadSamplesRequest(**{"selectors": [HEAT], **more})
    request.start_time.CopyFrom(at(NOW + start))
    request.end_time.CopyFrom(at(NOW + end))
    columns = Columns()
    async for message in stub(aggregator).ReadSamples(request, metadata=as_tenant(tenant)):
        columns.take(message.rows)
    return columns.found


async def test_samples_of_a_range_come_in_order_or_the_newest_of_each(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS, samples=SAMPLES))
    assert await read(aggregator, -30, -10) == {f"web-{n}": [(-30, 10 * n + 30), (-20, 10 * n + 20)] for n in range(3)}
    matchers = [query_pb2.Matcher(label="host", operator=query_pb2.Matcher.OPERATOR_MATCHES, value="web-[12]")]
    some = [pb.Selector(metric="heat", matchers=matchers), pb.Selector(metric="cold")]
    assert await read(aggregator, -86_400, -10, selectors=some, newest=True) == {
        "web-1": [(-20, 30)],
        "web-2": [(-20, 40)],
    }
    assert await read(aggregator, -30, 0, newest=True) == {f"web-{n}": [(-10, 10 * n + 10)] for n in range(3)}
    assert await read(aggregator, -30, 0, tenant="other") == {}


async def test_a_watch_tells_samples_before_they_are_stored_and_series_that_are_new(aggregator: Aggregator) -> None:
    async with aggregator.journal() as journal:
        await journal.hello()
        await journal.commit(0, record(series=HOSTS[:1], samples=[(0, NOW - 5, 1.0)]))
        watch = stub(aggregator).WatchSamples(pb.WatchSamplesRequest(selectors=[HEAT]))
        begin = await watch.read()
        assert not begin.rows.series_ids
        assert not begin.partial
        await journal.send(1, record(series=HOSTS[1:], samples=[(0, NOW - 4, 2.0), (1, NOW - 4, 3.0)]))
        await journal.send(2, record(series=[(9, "cold", {"host": "web-9"})], samples=[(9, NOW, 0.0), (1, NOW, 4.0)]))
        columns = Columns()
        while sum(map(len, columns.found.values())) < 3:
            columns.take((await watch.read()).rows)
        assert columns.found == {"web-0": [(-4, 2.0)], "web-1": [(-4, 3.0), (0, 4.0)]}
        # In silence it says each second that nothing came.
        async with asyncio.timeout(60):
            assert not (await watch.read()).rows.series_ids
        watch.cancel()


async def test_reading_waits_until_what_came_before_is_stored(aggregator: Aggregator) -> None:
    async with aggregator.journal() as journal:
        await journal.hello()
        await journal.send(0, record(series=HOSTS, samples=SAMPLES))
        await eventually_fed(aggregator, 1)
        reading = asyncio.create_task(read(aggregator, -30, 0, newest=True))
        # Who would rather be told at once is: this returns only because it does not wait.
        assert await read(aggregator, -30, 0, as_stored=True) == {}
        beats = [pb.Selector(metric="__heartbeats__")]
        assert await read(aggregator, -30, -20, selectors=beats, as_stored=True) == {}
        assert await counted(aggregator, as_stored=True) == []
        await journal.seal(0, 1)
        assert (await reading)["web-0"] == [(-10, 10)]


async def test_heartbeats_are_samples_of_services(aggregator: Aggregator) -> None:
    beats = [{"service": "shop", "time": NOW - back} for back in (50, 40)]
    beats += [{"service": "mail", "time": NOW - 30}, {"service": "host-1", "kind": "agent", "time": NOW - 20}]
    await aggregator.store(record(accepted=NOW, heartbeats=beats))
    selectors = [pb.Selector(metric="__heartbeats__")]
    assert await read(aggregator, -3_600, 0, selectors=selectors) == {
        "mail": [(-30, 1.0)],
        "shop": [(-50, 1.0), (-40, 1.0)],
    }
    assert await read(aggregator, -3_600, 0, selectors=selectors, newest=True) == {
        "mail": [(-30, 1.0)],
        "shop": [(-40, 1.0)],
    }
    one = query_pb2.Matcher(label="service", value="shop")
    only = [pb.Selector(metric="__heartbeats__", matchers=[one])]
    assert list(await read(aggregator, -3_600, 0, selectors=only, newest=True)) == ["shop"]


async def counted(aggregator: Aggregator, **more: Any) -> list[tuple[tuple[str, ...], float, float]]:
    """Failed events of the last minute: values of fields, seconds before now, how many."""
    failed = query_pb2.EventCondition(field="data.ok", values=["false"])
    request = pb.CountMatchingEventsRequest(conditions=[failed], **more)
    request.start_time.CopyFrom(at(NOW - 60))
    request.end_time.CopyFrom(at(NOW))
    answers = stub(aggregator).CountMatchingEvents(request)
    return [
        (tuple(one.values), one.time_unix_ms / 1e3 - NOW, one.events)
        async for answer in answers
        for one in answer.counts
    ]


async def test_events_are_counted_by_fields_and_time(aggregator: Aggregator) -> None:
    happened = [
        {"type": "call", "service": name, "time": NOW - back, "data": {"ok": ok, "to": {"name": "x"}}}
        for name, back, ok in (("shop", 9.5, False), ("shop", 9.2, False), ("shop", 4, False), ("mail", 4, True))
    ]
    await aggregator.store(record(accepted=NOW, events=happened))
    assert await counted(aggregator) == [((), -60.0, 3.0)]
    assert await counted(aggregator, by=["service", "data.to.name"]) == [(("shop", "x"), -60.0, 3.0)]
    assert [count for _, _, count in await counted(aggregator, stretch={"seconds": 1})] == [2.0, 1.0]
    # What is kept of the minutes behind is not told any more once another came late.
    async with aggregator.journal() as journal:
        assert await journal.hello() == 1
        await journal.commit(1, record(accepted=NOW, events=happened[:1]))
    assert [count for _, _, count in await counted(aggregator, stretch={"seconds": 1})] == [3.0, 1.0]


async def test_traffic_is_asked_for_as_series(aggregator: Aggregator) -> None:
    requests = [
        {"type": "request", "service": name, "time": NOW - 20, "data": {"endpoint": "/", "status_code": status}}
        for name, status in (("shop", 200), ("shop", 500), ("mail", 200))
    ]
    await aggregator.store(record(accepted=NOW, events=requests))
    grouping = query_pb2.Grouping(aggregation=query_pb2.Grouping.AGGREGATION_SUM, by=["service"])
    query = query_pb2.TimeSeriesQuery(instant=True, end_time=at(NOW))
    for metric in ("__requests__", "__errors__"):
        expression = selected(metric, grouping=grouping, function=query_pb2.FUNCTION_SUM)
        expression.name, expression.selection.window.seconds = metric.strip("_"), 300
        query.expressions.append(expression)
    series: Any = time_series_service_pb2_grpc.TimeSeriesServiceStub(aggregator.channel)
    answer = (await series.QueryTimeSeries(time_series_service_pb2.QueryTimeSeriesRequest(query=query))).answer
    told = [{one.labels["service"]: one.values[0] for one in result.series} for result in answer.results]
    assert told == [{"mail": 1.0, "shop": 2.0}, {"mail": 0.0, "shop": 1.0}]
    assert not answer.notices


async def test_latency_is_asked_for_as_series_of_whatever_told_it(aggregator: Aggregator) -> None:
    requests = [
        {"type": "request", "service": "shop", "time": NOW - 20, "data": {"endpoint": endpoint, "latency_ms": took}}
        for endpoint, took in (("/", 10.0), ("/", 10.0), ("/", 10.0), ("/slow", 90.0))
    ]
    await aggregator.store(record(accepted=NOW, events=requests))
    query = query_pb2.TimeSeriesQuery(instant=True, end_time=at(NOW))
    for name, function, more in (
        ("mean", query_pb2.FUNCTION_AVERAGE, {}),
        ("median", query_pb2.FUNCTION_QUANTILE, {"quantile": 0.5}),
    ):
        grouping = query_pb2.Grouping(aggregation=query_pb2.Grouping.AGGREGATION_AVERAGE, by=["service"])
        expression = selected("__latency__", grouping=grouping, function=function, **more)
        expression.name, expression.selection.window.seconds = name, 300
        query.expressions.append(expression)
    series: Any = time_series_service_pb2_grpc.TimeSeriesServiceStub(aggregator.channel)
    answer = (await series.QueryTimeSeries(time_series_service_pb2.QueryTimeSeriesRequest(query=query))).answer
    told = [[(one.labels["service"], one.values[0]) for one in result.series] for result in answer.results]
    # Each call counts as much as another, whatever endpoint it was of.
    assert told == [[("shop", 30.0)], [("shop", pytest.approx(10.0, rel=0.01))]]


async def test_what_cannot_be_asked_is_named(aggregator: Aggregator) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await read(aggregator, -30, 0, selectors=[pb.Selector()])
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "selectors[0]" in str(refused.value.details()) or "metric" in str(refused.value.details())
