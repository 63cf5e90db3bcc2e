"""The aggregator's live overview, watched by gRPC."""

from collections.abc import AsyncIterator

import grpc

from binnacle.aggregator.v1 import overview_service_pb2, overview_service_pb2_grpc
from services.core.errors import BinnacleError, Unavailable
from services.runtime.calls import acting_for
from services.runtime.logs import Log
from services.runtime.statuses import error_from
from services.streamer.convert.frames import frame_from
from services.streamer.ports import Frame


class AggregatorOverview:
    """An OverviewSource over OverviewService."""

    def __init__(self, channel: grpc.aio.Channel, log: Log) -> None:
        self._overview = overview_service_pb2_grpc.OverviewServiceStub(channel)
        self._log = log

    async def watch(self, tenant: str) -> AsyncIterator[Frame]:
        """A state, then updates and events. Raises Unavailable or Overloaded when the watch is lost."""
        with acting_for(tenant):
            call = self._overview.WatchOverview(overview_service_pb2.WatchOverviewRequest())
        seen = False
        try:
            async for response in call:
                if not seen:
                    self._log.info("watching", tenant=tenant)
                    seen = True
                frame = frame_from(response.frame, response.event_places)
                if frame is not None:
                    yield frame
            raise Unavailable("the aggregator ended the watch")
        except grpc.aio.AioRpcError as failed:
            raise self._told(error_from(failed, "aggregator"), tenant, seen) from failed
        finally:
            call.cancel()

    def _told(self, error: BinnacleError, tenant: str, seen: bool) -> BinnacleError:
        # Attempts that fail while it is away would fill the log.
        say = self._log.warning if seen else self._log.debug
        say("watch lost", tenant=tenant, reason=str(error))
        return error
