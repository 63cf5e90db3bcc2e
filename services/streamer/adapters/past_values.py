"""What questions have shown, asked of the aggregator."""

from collections.abc import Iterable
from math import isfinite
from typing import cast

import grpc

from binnacle.aggregator.v1 import (
    figure_service_pb2,
    figure_service_pb2_grpc,
    time_series_service_pb2,
    time_series_service_pb2_grpc,
)
from binnacle.dashboards.v1 import widgets_pb2
from binnacle.query.v1 import query_pb2
from services.core.clock import Clock
from services.runtime.calls import acting_for
from services.runtime.statuses import translated_errors

DAY, STEP = 86_400, 300
QUESTION_SECONDS = 10.0


class AggregatorValues:
    """See PastValues; questions are those of dashboards."""

    def __init__(self, aggregator: grpc.aio.Channel, clock: Clock) -> None:
        self._series = time_series_service_pb2_grpc.TimeSeriesServiceStub(aggregator)
        self._figures = figure_service_pb2_grpc.FigureServiceStub(aggregator)
        self._clock = clock

    async def bounds(self, tenant: str, question: object, name: str) -> tuple[float, float] | None:
        asked = cast("widgets_pb2.Question", question)
        with acting_for(tenant), translated_errors("aggregator"):
            found = await (self._asked(asked.query, name) if asked.HasField("query") else self._figure(name))
        values = [value for value in found if isfinite(value)]
        return (min(values), max(values)) if values else None

    async def _asked(self, query: query_pb2.TimeSeriesQuery, name: str) -> Iterable[float]:
        asked = query_pb2.TimeSeriesQuery(expressions=query.expressions)
        asked.step.FromSeconds(STEP)
        now = int(self._clock.now())
        asked.start_time.FromSeconds(now - DAY)
        asked.end_time.FromSeconds(now)
        request = time_series_service_pb2.QueryTimeSeriesRequest(query=asked)
        answer = (await self._series.QueryTimeSeries(request, timeout=QUESTION_SECONDS)).answer
        return [
            value
            for result in answer.results
            if result.name == name
            for series in result.series
            for value in series.values
        ]

    async def _figure(self, name: str) -> Iterable[float]:
        request = figure_service_pb2.GetFigureRequest(metric=name, window_seconds=DAY, step_seconds=STEP)
        answer = await self._figures.GetFigure(request, timeout=QUESTION_SECONDS)
        return [point.value for series in answer.series for point in series.points]
