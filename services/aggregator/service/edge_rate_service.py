"""Envoy's rate-limit service, under the name that Envoy calls it by. The edge leads nobody here."""

from typing import Any

import grpc

from binnacle.ratelimit.v1 import rate_limit_pb2 as pb
from services.aggregator.convert import edge_rates
from services.aggregator.domain.access.edge_rates import EdgeRates
from services.runtime.process import Registration
from services.runtime.roles import OPEN

SERVICE = "envoy.service.ratelimit.v3.RateLimitService"
METHOD = "ShouldRateLimit"


class EdgeRateServicer:
    """Judges requests for edges that share their limits."""

    def __init__(self, rates: EdgeRates) -> None:
        self._rates = rates

    async def ShouldRateLimit(self, request: pb.ShouldRateLimitRequest, context: Any) -> pb.ShouldRateLimitResponse:
        callers = edge_rates.callers_from(request)
        return edge_rates.answer(len(callers), await self._rates.judge(callers, request.hits_addend or 1))


def registration(servicer: EdgeRateServicer) -> Registration:
    """The service as it is added to a server; whoever calls it has shown to be the edge, which brings no credential."""
    return Registration(_add_to_server, servicer, SERVICE, OPEN, (METHOD,))


def _add_to_server(servicer: EdgeRateServicer, server: grpc.aio.Server) -> None:
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        METHOD: grpc.unary_unary_rpc_method_handler(
            servicer.ShouldRateLimit,
            request_deserializer=pb.ShouldRateLimitRequest.FromString,
            response_serializer=pb.ShouldRateLimitResponse.SerializeToString,
        )
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
