"""Rows of one aggregator, by gRPC."""

from collections.abc import AsyncGenerator

import grpc

from binnacle.aggregator.v1 import tail_service_pb2 as pb, tail_service_pb2_grpc
from services.core.errors import Unavailable
from services.runtime.calls import acting_for
from services.runtime.logs import Log
from services.runtime.statuses import error_from
from services.streamer.convert.rows import TOPICS, begin_from, found_from, position_message, rows_from
from services.streamer.ports import Begin, Found, Position, Rows, Topic

MOST_MISSED = 100_000


class AggregatorRows:
    """A RowSource over TailService."""

    def __init__(self, channel: grpc.aio.Channel, log: Log) -> None:
        self._tails = tail_service_pb2_grpc.TailServiceStub(channel)
        self._log = log

    async def tail(self, tenant: str, topic: Topic, position: Position | None) -> AsyncGenerator[Begin | Rows, None]:
        """See RowSource."""
        request = pb.TailRequest(topic=TOPICS[topic], max_missed_rows=MOST_MISSED)
        if position is not None:
            request.position.CopyFrom(position_message(position))
        with acting_for(tenant):
            call = self._tails.Tail(request)
        try:
            async for response in call:
                yield (
                    begin_from(response.begin)
                    if response.WhichOneof("message") == "begin"
                    else rows_from(response.rows)
                )
            raise Unavailable("the aggregator ended the tail")
        except grpc.aio.AioRpcError as failed:
            self._log.debug("tail lost", tenant=tenant, topic=topic.value, reason=failed.details())
            raise error_from(failed, "aggregator") from failed
        finally:
            call.cancel()

    async def read(
        self, tenant: str, topic: Topic, position: Position, until: Position
    ) -> AsyncGenerator[Found | Rows, None]:
        """See RowSource."""
        request = pb.ReadTailRequest(
            topic=TOPICS[topic],
            position=position_message(position),
            until=position_message(until),
            max_rows=MOST_MISSED,
        )
        with acting_for(tenant):
            call = self._tails.ReadTail(request)
        try:
            async for response in call:
                yield (
                    found_from(response.begin)
                    if response.WhichOneof("message") == "begin"
                    else rows_from(response.rows)
                )
        except grpc.aio.AioRpcError as failed:
            raise error_from(failed, "aggregator") from failed
        finally:
            call.cancel()
