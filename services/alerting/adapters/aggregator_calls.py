"""Who calls whom, from the aggregator: by spans, and by events about integrations."""

from collections import Counter
from collections.abc import Iterable, Sequence

import grpc

from binnacle.aggregator.v1 import trace_service_pb2 as pb, trace_service_pb2_grpc
from services.alerting.ports.calls import Call
from services.alerting.ports.sources import EventCount, EventSource
from services.core.conventions import INTEGRATION_EVENTS
from services.core.event_conditions import EventCondition, Operator
from services.runtime.calls import acting_for
from services.runtime.statuses import translated_errors
from services.runtime.times import timestamp

TIMEOUT = 15.0
_CALLS = (EventCondition("type", Operator.EQUAL, INTEGRATION_EVENTS),)
_BY = ("service", "data.provider", "data.success")
_SUCCEEDED = frozenset({"", "true", "1"})
"""What is told of a call that did not fail."""


class AggregatorCalls:
    """See CallSource."""

    def __init__(self, channel: grpc.aio.Channel, events: EventSource) -> None:
        self._stub = trace_service_pb2_grpc.TraceServiceStub(channel)
        self._events = events

    async def calls(self, tenant: str, start: float, end: float) -> Sequence[Call]:
        asked = pb.GetServiceMapRequest(start_time=timestamp(start), end_time=timestamp(end))
        with acting_for(tenant), translated_errors("aggregator"):
            found = await self._stub.GetServiceMap(asked, timeout=TIMEOUT)
        counts = await self._events.counts(tenant, _CALLS, _BY, start, end)
        return [*(Call(edge.caller, edge.callee, edge.calls, edge.errors) for edge in found.edges), *_told(counts)]


def _told(counts: Iterable[EventCount]) -> Sequence[Call]:
    """Calls by who made them and to whom, where both are told."""
    calls, errors = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for count in counts:
        service, provider, success = count.values
        if service and provider:
            calls[service, provider] += round(count.events)
            errors[service, provider] += round(count.events) if success not in _SUCCEEDED else 0
    return [Call(*pair, number, errors[pair]) for pair, number in calls.items()]
