"""How telemetry flows into the store."""

import grpc

from binnacle.aggregator.v1 import pipeline_service_pb2 as pb, pipeline_service_pb2_grpc
from services.aggregator.convert import pipeline
from services.aggregator.domain.reports.pipeline import Pipeline
from services.runtime.calls import current_call


class PipelineServicer(pipeline_service_pb2_grpc.PipelineServiceServicer):
    """Answers from what this aggregator has counted, and from the store."""

    def __init__(self, found: Pipeline) -> None:
        self._pipeline = found

    async def GetPipeline(
        self,
        request: pb.GetPipelineRequest,
        context: grpc.aio.ServicerContext[pb.GetPipelineRequest, pb.GetPipelineResponse],
    ) -> pb.GetPipelineResponse:
        return pipeline.report(await self._pipeline.report(current_call().tenant))
