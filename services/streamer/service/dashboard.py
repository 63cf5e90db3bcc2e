"""DashboardService: the overview, once or live."""

from collections.abc import AsyncIterator
from typing import Any, Final

import grpc

from binnacle.aggregator.v1 import overview_service_pb2, overview_service_pb2_grpc
from binnacle.streamer.v1 import dashboard_service_pb2 as pb
from services.runtime.calls import current_call
from services.runtime.process import Registration
from services.runtime.statuses import translated_errors
from services.streamer.convert.live_frames import Form
from services.streamer.convert.live_talk import Sending
from services.streamer.domain.feeds import Figures
from services.streamer.domain.hub import Hub
from services.streamer.domain.selections import Selection
from services.streamer.domain.session import Wanted
from services.streamer.service.stream_line import StreamLine, connected

SERVICE = "binnacle.streamer.v1.DashboardService"
FIGURES: Final = Wanted("figures", ("dashboard",), (Figures(),))
EVENTS: Final = Wanted("events", ("dashboard",), (Selection(),))

Context = grpc.aio.ServicerContext[Any, Any]


class DashboardServicer:
    """Answers from the aggregator, streams from the hub."""

    def __init__(self, hub: Hub, aggregator: grpc.aio.Channel, form: Form, sending: Sending) -> None:
        self._hub = hub
        self._overview = overview_service_pb2_grpc.OverviewServiceStub(aggregator)
        self._form = form
        self._sending = sending

    async def GetDashboard(self, request: pb.GetDashboardRequest, context: Context) -> pb.GetDashboardResponse:
        with translated_errors("aggregator"):
            answer = await self._overview.GetOverview(overview_service_pb2.GetOverviewRequest(history_seconds=0))
        dashboard = answer.state.snapshot
        dashboard.realtime_stats.active_connections = self._hub.connections(current_call().tenant)
        # The contract gives both messages the same fields under the same numbers.
        return pb.GetDashboardResponse.FromString(dashboard.SerializeToString())

    async def WatchDashboard(self, request: pb.WatchDashboardRequest, context: Context) -> AsyncIterator[bytes]:
        """Each message already as bytes, shared with everybody who looks at the same."""
        with connected(self._hub, context) as session:
            session.subscribe(FIGURES)
            line = StreamLine(session, self._form, self._sending)
            session.through(line)
            async for message in line.frames():
                yield message
                # The state comes first.
                if EVENTS.id not in session.subscriptions:
                    session.subscribe(EVENTS)
            if session.outbox.ended is not None:
                raise session.outbox.ended


def registration(servicer: DashboardServicer) -> Registration:
    """The service as it is added to a server."""
    return Registration(_add_to_server, servicer, SERVICE)


def _add_to_server(servicer: DashboardServicer, server: grpc.aio.Server) -> None:
    # In place of the generated function, which would serialise each message once per viewer.
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "GetDashboard": grpc.unary_unary_rpc_method_handler(
            servicer.GetDashboard,
            request_deserializer=pb.GetDashboardRequest.FromString,
            response_serializer=pb.GetDashboardResponse.SerializeToString,
        ),
        "WatchDashboard": grpc.unary_stream_rpc_method_handler(
            servicer.WatchDashboard,
            request_deserializer=pb.WatchDashboardRequest.FromString,
            response_serializer=bytes,
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_registered_method_handlers(SERVICE, handlers)
