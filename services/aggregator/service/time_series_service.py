"""Questions about what was measured."""

import asyncio

import grpc

from binnacle.aggregator.v1 import time_series_service_pb2 as pb, time_series_service_pb2_grpc
from binnacle.query.v1 import query_pb2
from services.aggregator.convert.metric_questions import query_from
from services.aggregator.convert.time_series import question_from
from services.aggregator.convert.time_series_answers import answer_of, held_from, tier_of, token_of
from services.aggregator.domain.series.answering import Answers
from services.aggregator.domain.series.explaining import explained
from services.core.errors import DeadlineExceeded
from services.runtime.calls import current_call

LONGEST_SECONDS = 10.0


class TimeSeriesServicer(time_series_service_pb2_grpc.TimeSeriesServiceServicer):
    """Answers from the store and what of it is in memory."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def QueryTimeSeries(
        self,
        request: pb.QueryTimeSeriesRequest,
        context: grpc.aio.ServicerContext[pb.QueryTimeSeriesRequest, pb.QueryTimeSeriesResponse],
    ) -> pb.QueryTimeSeriesResponse:
        return pb.QueryTimeSeriesResponse(answer=await self._answer(request.query, request.refresh_token))

    async def QueryMetric(
        self,
        request: pb.QueryMetricRequest,
        context: grpc.aio.ServicerContext[pb.QueryMetricRequest, pb.QueryMetricResponse],
    ) -> pb.QueryMetricResponse:
        return pb.QueryMetricResponse(answer=await self._answer(query_from(request), ""))

    async def ExplainQuery(
        self,
        request: pb.ExplainQueryRequest,
        context: grpc.aio.ServicerContext[pb.ExplainQueryRequest, pb.ExplainQueryResponse],
    ) -> pb.ExplainQueryResponse:
        question = question_from(request.query, self._answers.reader.clock.now())
        plans = await explained(self._answers, current_call().tenant, question)
        return pb.ExplainQueryResponse(
            plans=[
                pb.SelectionPlan(
                    name=plan.name,
                    tier=tier_of(plan.tier),
                    reason=plan.reason,
                    series=plan.series,
                    rows=plan.rows,
                    stages=plan.stages,
                    warnings=plan.warnings,
                )
                for plan in plans
            ],
            steps=question.grid.count,
            step_ms=question.grid.step_ms,
        )

    async def _answer(self, query: query_pb2.TimeSeriesQuery, token: str) -> query_pb2.TimeSeriesAnswer:
        tenant = current_call().tenant
        question = question_from(query, self._answers.reader.clock.now())
        held = held_from(tenant, query, question, token)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                answer = await self._answers.answer(tenant, question, held)
        except TimeoutError:
            raise DeadlineExceeded("the question took too long: ask for a shorter range, or for fewer series") from None
        return answer_of(answer, token_of(tenant, query, question, answer.held))
