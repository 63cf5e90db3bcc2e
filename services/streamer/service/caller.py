"""CallerService: who is calling."""

from typing import Any

import grpc

from binnacle.streamer.v1 import caller_service_pb2 as pb, caller_service_pb2_grpc
from services.runtime.access import Access
from services.runtime.calls import current_call
from services.runtime.process import Registration
from services.runtime.roles import HOLDERS, PEER, word_of
from services.streamer.convert.figures import moment

SERVICE = "binnacle.streamer.v1.CallerService"

Context = grpc.aio.ServicerContext[Any, Any]


class CallerServicer(caller_service_pb2_grpc.CallerServiceServicer):
    """Tells what the call itself brings along."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def GetCaller(self, request: pb.GetCallerRequest, context: Context) -> pb.GetCallerResponse:
        call = current_call()
        held = [word_of(role) for role in HOLDERS if role != PEER and self._access.lack(call.roles, role) is None]
        return pb.GetCallerResponse(
            authenticated=self._access.required,
            tenant=call.tenant,
            subject=call.subject,
            key=call.key,
            roles=call.roles,
            held_roles=held,
            expires_time=None if call.expires is None else moment(call.expires),
        )


def registration(servicer: CallerServicer) -> Registration:
    """The service as it is added to a server."""
    return Registration(caller_service_pb2_grpc.add_CallerServiceServicer_to_server, servicer, SERVICE)
