"""The catalog through the wired aggregator."""

import time
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import catalog_service_pb2 as pb, catalog_service_pb2_grpc
from binnacle.query.v1 import query_pb2
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import SeriesKey, record

pytestmark = pytest.mark.store

HOSTS = ("web-1", "web-2", "db-1")
SERIES: list[SeriesKey] = [
    *((1 + place, "http_requests_total", {"host": host, "zone": "eu"}) for place, host in enumerate(HOSTS)),
    *((11 + place, "cpu_percent", {"host": host}) for place, host in enumerate(HOSTS)),
    (21, "Cache.hits", {}),
]


@pytest.fixture
async def catalog(aggregator: Aggregator) -> Any:
    now = time.time()
    await aggregator.store(
        record(accepted=now, series=SERIES, samples=[(1, now - 5, 1.0), (11, now - 5, 2.0)], kind=2),
        record(
            tenant="other", accepted=now, series=[(91, "secret_metric", {"host": "theirs"})], samples=[(91, now, 1.0)]
        ),
    )
    return catalog_service_pb2_grpc.CatalogServiceStub(aggregator.channel)


def names(found: pb.ListMetricsResponse) -> list[str]:
    return [metric.name for metric in found.metrics]


def ids(found: pb.ListSeriesResponse) -> list[int]:
    return [int(series.id) for series in found.series]


async def test_metrics_are_listed_with_what_they_are(catalog: Any) -> None:
    found = await catalog.ListMetrics(pb.ListMetricsRequest())
    assert names(found) == ["Cache.hits", "cpu_percent", "http_requests_total"]
    [_cache, cpu, requests] = found.metrics
    assert (requests.series, list(requests.labels), list(requests.kinds)) == (3, ["host", "zone"], [2])
    assert abs(cpu.first_seen.ToSeconds() - time.time()) < 60
    assert cpu.last_seen.ToSeconds() >= cpu.first_seen.ToSeconds()


FOUND: list[tuple[str, pb.SearchMode.ValueType, list[str]]] = [
    ("CPU", pb.SEARCH_MODE_SUBSTRING, ["cpu_percent"]),
    ("cpu", pb.SEARCH_MODE_PREFIX, ["cpu_percent"]),
    ("percent", pb.SEARCH_MODE_PREFIX, []),
    ("cache", pb.SEARCH_MODE_PREFIX, []),
    ("rqtot", pb.SEARCH_MODE_FUZZY, ["http_requests_total"]),
    ("cpu_precent", pb.SEARCH_MODE_FUZZY, ["cpu_percent"]),
    ("zzz", pb.SEARCH_MODE_FUZZY, []),
    ("%_'\\", pb.SEARCH_MODE_SUBSTRING, []),
    (".*", pb.SEARCH_MODE_FUZZY, []),
]


async def test_metrics_are_found(catalog: Any) -> None:
    for search, mode, expected in FOUND:
        found = await catalog.ListMetrics(pb.ListMetricsRequest(search=search, search_mode=mode))
        assert names(found) == expected, search


async def test_metrics_of_given_names_are_found_alone(catalog: Any) -> None:
    every = names(await catalog.ListMetrics(pb.ListMetricsRequest()))
    wanted = [every[0], every[-1]]
    asked = pb.ListMetricsRequest(names=[*wanted, every[0][:-1], "nobody_sent_it"])
    assert names(await catalog.ListMetrics(asked)) == wanted


async def test_pages_hold_each_row_once(catalog: Any) -> None:
    for request in (
        pb.ListMetricsRequest(page_size=2),
        pb.ListMetricsRequest(page_size=1, search="c", search_mode=pb.SEARCH_MODE_FUZZY),
    ):
        found: list[str] = []
        while True:
            page = await catalog.ListMetrics(request)
            found += names(page)
            request.page_token = page.next_page_token
            if not request.page_token:
                break
        assert sorted(found) == sorted(set(found))
        assert "cpu_percent" in found


async def test_series_go_by_name_in_pages(catalog: Any) -> None:
    request = pb.ListSeriesRequest(page_size=2)
    found: list[int] = []
    while True:
        page = await catalog.ListSeries(request)
        found += ids(page)
        request.page_token = page.next_page_token
        if not request.page_token:
            break
    assert found == [21, 11, 12, 13, 1, 2, 3]
    assert dict((await catalog.ListSeries(pb.ListSeriesRequest(match=["zone=eu"]))).series[0].labels) == SERIES[0][2]


MATCHING: list[tuple[list[str], list[int]]] = [
    (["__name__=cpu_percent"], [11, 12, 13]),
    (["host=~web-.*", "zone="], [11, 12]),
    (["host!~web-.*", "zone!="], [3]),
    (["host=~web"], []),
    (["nothing=x"], []),
    (["host!=web-1"], [21, 12, 13, 2, 3]),
]


async def test_series_match(catalog: Any) -> None:
    for match, expected in MATCHING:
        assert ids(await catalog.ListSeries(pb.ListSeriesRequest(match=match))) == expected, match


async def test_only_series_with_data_are_in_a_range(catalog: Any) -> None:
    hour_ago = Timestamp(seconds=int(time.time()) - 3_600)
    assert ids(await catalog.ListSeries(pb.ListSeriesRequest(start_time=hour_ago))) == [11, 1]
    assert ids(await catalog.ListSeries(pb.ListSeriesRequest(end_time=hour_ago))) == []
    values = await catalog.ListLabelValues(pb.ListLabelValuesRequest(label="host", start_time=hour_ago))
    assert [(value.value, value.series) for value in values.values] == [("web-1", 2)]


async def test_labels_and_values_are_counted(catalog: Any) -> None:
    found = await catalog.ListLabels(pb.ListLabelsRequest())
    assert [(one.name, one.values, one.series) for one in found.labels] == [
        ("__name__", 3, 7),
        ("host", 3, 6),
        ("zone", 1, 3),
    ]
    eu = query_pb2.Matcher(label="zone", value="eu")
    values = await catalog.ListLabelValues(pb.ListLabelValuesRequest(label="host", matchers=[eu], search="WEB"))
    assert [(one.value, one.series) for one in values.values] == [("web-1", 1), ("web-2", 1)]
    metrics = await catalog.ListLabelValues(pb.ListLabelValuesRequest(label="__name__", match=["host=db-1"]))
    assert [one.value for one in metrics.values] == ["cpu_percent", "http_requests_total"]
    first = await catalog.ListLabelValues(pb.ListLabelValuesRequest(label="host", page_size=1))
    token = first.next_page_token
    rest = await catalog.ListLabelValues(pb.ListLabelValuesRequest(label="host", page_token=token))
    assert [one.value for one in (*first.values, *rest.values)] == ["db-1", "web-1", "web-2"]


async def test_cardinality_tells_what_is_many(catalog: Any) -> None:
    found = await catalog.GetCardinality(pb.GetCardinalityRequest(limit=2))
    assert (found.series, found.metrics) == (7, 3)
    assert [(one.name, one.series) for one in found.top_metrics] == [("cpu_percent", 3), ("http_requests_total", 3)]
    assert [(one.name, one.values) for one in found.top_labels] == [("host", 3), ("zone", 1)]
    assert [(one.label, one.value, one.series) for one in found.top_pairs] == [("zone", "eu", 3), ("host", "db-1", 2)]


async def test_another_tenant_sees_its_own(catalog: Any) -> None:
    token = (await catalog.ListMetrics(pb.ListMetricsRequest(page_size=1))).next_page_token
    theirs = as_tenant("other")
    assert names(await catalog.ListMetrics(pb.ListMetricsRequest(), metadata=theirs)) == ["secret_metric"]
    with pytest.raises(grpc.aio.AioRpcError, match="page_token"):
        await catalog.ListMetrics(pb.ListMetricsRequest(page_size=1, page_token=token), metadata=theirs)


REFUSED: list[tuple[str, Any, str]] = [
    ("ListMetrics", pb.ListMetricsRequest(page_size=1_001), "page_size"),
    ("ListMetrics", pb.ListMetricsRequest(search="x" * 201), "search"),
    ("ListMetrics", pb.ListMetricsRequest(names=["x"] * 101), "names"),
    ("ListMetrics", pb.ListMetricsRequest(names=["x" * 201]), "names"),
    ("ListSeries", pb.ListSeriesRequest(match=["host=~("]), "match"),
    ("ListSeries", pb.ListSeriesRequest(match=["x"]), "match[0]"),
    ("ListLabelValues", pb.ListLabelValuesRequest(), "label"),
    ("GetCardinality", pb.GetCardinalityRequest(limit=101), "limit"),
]


async def test_what_breaks_a_rule_is_named(catalog: Any) -> None:
    for method, asked, field in REFUSED:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(catalog, method)(asked)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert field in str(refused.value.details())
