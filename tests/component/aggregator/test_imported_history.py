"""What was imported is history as any other: questions, files and lists tell of it."""

import json
import time
from typing import Any

import pytest

from binnacle.aggregator.v1 import (
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    export_service_pb2 as export,
    export_service_pb2_grpc,
    time_series_service_pb2 as service,
    time_series_service_pb2_grpc,
)
from binnacle.query.v1 import query_pb2 as pb
from tests.component.aggregator.aggregators import Aggregator
from tests.support.journals import imported_hours, record
from tests.support.metric_queries import at, ranged, selected, values_of

pytestmark = pytest.mark.store

DAY = 86_400
START = (int(time.time()) // DAY - 60) * DAY
HOURS = range(START, START + DAY, 3_600)
# Two samples an hour: 0, and the place of the hour.
EXPECTED = {
    pb.FUNCTION_COUNT: [2.0] * 24,
    pb.FUNCTION_SUM: [float(place) for place in range(24)],
    pb.FUNCTION_AVERAGE: [place / 2 for place in range(24)],
    pb.FUNCTION_MINIMUM: [0.0] * 24,
    pb.FUNCTION_MAXIMUM: [float(place) for place in range(24)],
    pb.FUNCTION_LAST: [float(place) for place in range(24)],
}


@pytest.fixture
async def imported(aggregator: Aggregator) -> Aggregator:
    made = record(accepted=time.time(), series=[(7, "load", {"host": "a"})])
    await aggregator.store(imported_hours(made, 7, HOURS))
    return aggregator


@pytest.mark.parametrize("function", EXPECTED)
async def test_questions_tell_it(imported: Aggregator, function: "pb.Function.ValueType") -> None:
    stub: Any = time_series_service_pb2_grpc.TimeSeriesServiceStub(imported.channel)
    query = ranged(selected("load", function=function), start=START, end=START + DAY, step=3_600)
    answer = (await stub.QueryTimeSeries(service.QueryTimeSeriesRequest(query=query))).answer
    [values] = values_of(answer).values()
    assert list(values.values()) == EXPECTED[function]
    assert answer.results[0].tier == pb.TIER_HOURS


async def test_files_and_lists_tell_it(imported: Aggregator) -> None:
    exports: Any = export_service_pb2_grpc.ExportServiceStub(imported.channel)
    sums = export.SumSelection(bucket=export.SumSelection.BUCKET_HOUR, start_time=at(START), end_time=at(START + DAY))
    request = export.ExportDataRequest(format=export.EXPORT_FORMAT_NDJSON, sums=sums)
    data = b"".join([message.data async for message in exports.ExportData(request)])
    rows = [json.loads(line) for line in data.splitlines()]

    assert [(row["count"], row["total"], row["newest"]) for row in rows] == [(2, place, place) for place in range(24)]
    catalog: Any = catalog_service_pb2_grpc.CatalogServiceStub(imported.channel)
    asked = catalog_service_pb2.ListSeriesRequest(start_time=at(START), end_time=at(START + DAY))
    assert [series.name for series in (await catalog.ListSeries(asked)).series] == ["load"]
