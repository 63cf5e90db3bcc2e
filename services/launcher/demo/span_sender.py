"""Sends traces as OpenTelemetry has them: the client has no spans."""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from services.launcher.demo.happenings import Span, Trace

# What is older when the edge is away is not worth keeping.
KEPT_TRACES = 1_000
AT_ONCE = 200
PAUSE_SECONDS = 0.5
TIMEOUT_SECONDS = 10.0
_MARK: Mapping[str, Any] = {"demo": True}
_FAILED = trace_pb2.Status(code=trace_pb2.Status.STATUS_CODE_ERROR)


class SpanSender:
    """A connection of its own, used as an asynchronous context manager; writing never waits and never fails."""

    def __init__(self, target: str, token: str | None) -> None:
        self._channel = grpc.aio.insecure_channel(target)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._waiting: deque[Trace] = deque(maxlen=KEPT_TRACES)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()

    def write(self, trace: Trace) -> None:
        """Send it soon."""
        self._waiting.append(trace)

    async def run(self) -> None:
        """Send what is written, until cancelled; what cannot be sent is dropped."""
        stub: Any = TraceServiceStub(self._channel)  # type: ignore[no-untyped-call]
        while True:
            batch = [self._waiting.popleft() for _trace in range(min(AT_ONCE, len(self._waiting)))]
            if batch:
                with suppress(grpc.aio.AioRpcError):
                    await stub.Export(request_of(batch), timeout=TIMEOUT_SECONDS, metadata=self._metadata)
            await asyncio.sleep(PAUSE_SECONDS)


def request_of(traces: Iterable[Trace]) -> ExportTraceServiceRequest:
    """Traces as a request: a resource for each service."""
    request = ExportTraceServiceRequest()
    by_service: dict[str, Any] = {}
    for trace in traces:
        for span in trace.spans:
            if span.service not in by_service:
                resource = request.resource_spans.add()
                resource.resource.attributes.extend(_attributes({"service.name": span.service, **_MARK}))
                by_service[span.service] = resource.scope_spans.add().spans
            by_service[span.service].append(_span(trace.trace_id, span))
    return request


def _span(trace_id: str, span: Span) -> trace_pb2.Span:
    start = round(span.time * 1e9)
    return trace_pb2.Span(
        trace_id=bytes.fromhex(trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent),
        name=span.name,
        kind=trace_pb2.Span.SPAN_KIND_CLIENT if span.calls else trace_pb2.Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start,
        end_time_unix_nano=start + round(span.duration * 1e6),
        attributes=_attributes(span.attributes),
        status=_FAILED if span.failed else None,
    )


def _attributes(given: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in given.items()]


def _value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=str(value))
