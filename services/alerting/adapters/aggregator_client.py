"""The aggregator's live overview."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import grpc

from binnacle.aggregator.v1 import overview_service_pb2, overview_service_pb2_grpc
from services.alerting.convert import observation
from services.alerting.ports import Observation
from services.core.errors import Unavailable
from services.runtime.calls import acting_for
from services.runtime.statuses import translated_errors

SILENCE = 10.0
"""Seconds without a message after which the stream counts as broken; there is one each second."""

Response = overview_service_pb2.WatchOverviewResponse


class AggregatorOverview:
    """Observations from WatchOverview."""

    def __init__(self, channel: grpc.aio.Channel, silence: float = SILENCE) -> None:
        self._stub = overview_service_pb2_grpc.OverviewServiceStub(channel)
        self._silence = silence

    async def watch(self, tenant: str) -> AsyncGenerator[Observation, None]:
        # The tenant is read when the call is made; held over a yield, it would leak into the reader.
        with acting_for(tenant):
            call = self._stub.WatchOverview(overview_service_pb2.WatchOverviewRequest())
        try:
            messages = aiter(call)
            while (response := await self._next(messages)) is not None:
                seen = observation(response)
                if seen is not None:
                    yield seen
        finally:
            call.cancel()

    async def _next(self, messages: AsyncIterator[Response]) -> Response | None:
        """The next message; None at the end of the stream."""
        try:
            async with asyncio.timeout(self._silence):
                with translated_errors("aggregator"):
                    return await anext(messages, None)
        except TimeoutError:
            raise Unavailable(f"the aggregator said nothing for {self._silence:g} s") from None
