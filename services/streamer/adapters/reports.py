"""What is asked for again and again: counts, health, the pipeline, questions about time series."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import cast

import grpc

from binnacle.aggregator.v1 import (
    figure_service_pb2,
    figure_service_pb2_grpc,
    overview_service_pb2,
    overview_service_pb2_grpc,
    pipeline_service_pb2,
    pipeline_service_pb2_grpc,
    time_series_service_pb2,
    time_series_service_pb2_grpc,
)
from binnacle.live.v1 import live_pb2
from binnacle.query.v1 import query_pb2
from services.core.clock import Clock
from services.core.conventions import HEALTHY, UNHEALTHY
from services.runtime.calls import acting_for
from services.runtime.statuses import translated_errors
from services.streamer.convert.answers import joined
from services.streamer.convert.changed_answers import changed
from services.streamer.domain.tally import Tally
from services.streamer.ports import Answer, NamedFigures, Part, Question

QUESTION_SECONDS = 10.0


class SuiteReports:
    """A ReportSource over the aggregator, the parts of the suite, and `others` who know a report of a tenant."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        parts: Sequence[Part],
        tally: Tally,
        clock: Clock,
        others: Mapping[str, Callable[[str], Awaitable[object]]] = MappingProxyType({}),
    ) -> None:
        self._reports = {"stats": self._stats, "health": self._health, "pipeline": self._flow, **others}
        self._overview = overview_service_pb2_grpc.OverviewServiceStub(channel)
        self._pipeline = pipeline_service_pb2_grpc.PipelineServiceStub(channel)
        self._series = time_series_service_pb2_grpc.TimeSeriesServiceStub(channel)
        self._figures = figure_service_pb2_grpc.FigureServiceStub(channel)
        self._parts = parts
        self._tally = tally
        self._clock = clock

    async def report(self, tenant: str, name: str) -> Answer:
        """See ReportSource."""
        with acting_for(tenant), translated_errors("aggregator"):
            return Answer(await self._reports[name](tenant))

    async def answer(self, tenant: str, question: Question, token: str) -> Answer:
        """See ReportSource."""
        query = query_pb2.TimeSeriesQuery.FromString(question.body)
        now = self._clock.now()
        query.end_time.FromMilliseconds(int(now * 1000))
        if not query.instant:
            query.start_time.FromMilliseconds(int((now - question.seconds) * 1000))
        request = time_series_service_pb2.QueryTimeSeriesRequest(query=query, refresh_token=token)
        with acting_for(tenant), translated_errors("aggregator"):
            answered = (await self._series.QueryTimeSeries(request, timeout=QUESTION_SECONDS)).answer
        next_token, answered.refresh_token = answered.refresh_token, ""
        return Answer(answered, answered.full, next_token)

    def joined(self, whole: object, changes: Sequence[object]) -> object:
        """See ReportSource."""
        answers = cast("list[query_pb2.TimeSeriesAnswer]", [whole, *changes])
        return joined(answers[0], answers[1:])

    def changed(self, former: object, now: object) -> object | None:
        """See ReportSource: of questions about time series alone."""
        if isinstance(former, query_pb2.TimeSeriesAnswer) and isinstance(now, query_pb2.TimeSeriesAnswer):
            return changed(former, now)
        return None

    async def figures(self, tenant: str, named: NamedFigures) -> Answer:
        """See ReportSource."""
        asked = figure_service_pb2.GetFigureRequest(step_seconds=named.step)
        now = self._clock.now()
        asked.start_time.FromMilliseconds(int((now - named.seconds) * 1000))
        asked.end_time.FromMilliseconds(int(now * 1000))
        with acting_for(tenant), translated_errors("aggregator"), _first_fault():
            async with asyncio.TaskGroup() as tasks:
                told = [tasks.create_task(self._figure(asked, name)) for name in named.names]
        return Answer(live_pb2.Figures(figures=[task.result() for task in told]))

    async def _figure(
        self, asked: figure_service_pb2.GetFigureRequest, name: str
    ) -> figure_service_pb2.GetFigureResponse:
        request = figure_service_pb2.GetFigureRequest(metric=name)
        request.MergeFrom(asked)
        return await self._figures.GetFigure(request, timeout=QUESTION_SECONDS)

    async def _stats(self, tenant: str) -> live_pb2.Stats:
        held = await self._overview.GetIntakeStats(
            overview_service_pb2.GetIntakeStatsRequest(), timeout=QUESTION_SECONDS
        )
        return live_pb2.Stats(
            total_events=held.events,
            total_metrics=held.samples,
            total_logs=held.logs,
            total_heartbeats=held.heartbeats,
            total_series=held.series,
            active_services=held.services,
            active_connections=self._tally.present[tenant],
            events_by_type=held.events_by_type,
        )

    async def _flow(self, _tenant: str) -> pipeline_service_pb2.GetPipelineResponse:
        request = pipeline_service_pb2.GetPipelineRequest()
        return await self._pipeline.GetPipeline(request, timeout=QUESTION_SECONDS)

    async def _health(self, _tenant: str) -> live_pb2.Health:
        async with asyncio.TaskGroup() as tasks:
            asked = {part.name: tasks.create_task(part.problem()) for part in self._parts}
        problems = {name: task.result() for name, task in asked.items()}
        return live_pb2.Health(
            status=UNHEALTHY if any(problems.values()) else HEALTHY,
            components={name: problem or HEALTHY for name, problem in problems.items()},
        )


@contextmanager
def _first_fault() -> Iterator[None]:
    """Of several calls at once the fault of the first is told."""
    try:
        yield
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
