"""Spans, traces, maps of services and exemplars as messages."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import trace_service_pb2 as pb
from services.aggregator.convert.dashboard import struct
from services.aggregator.domain.findings.service_map import Node, ServiceMap
from services.aggregator.domain.findings.trace_tree import PlacedSpan
from services.aggregator.ports.traces import FAILED, Calls, NodeKind, StoredExemplar, TraceOrder, TraceSummary

_LAST_KIND = 5
_MS = 1e6
ORDERS: Mapping[int, TraceOrder] = {
    pb.TRACE_ORDER_UNSPECIFIED: "newest",
    pb.TRACE_ORDER_NEWEST: "newest",
    pb.TRACE_ORDER_LONGEST: "longest",
}
_KINDS: Mapping[NodeKind, Any] = {
    "service": pb.ServiceNode.KIND_SERVICE,
    "database": pb.ServiceNode.KIND_DATABASE,
    "queue": pb.ServiceNode.KIND_QUEUE,
    "external": pb.ServiceNode.KIND_EXTERNAL,
}


def nano_timestamp(nanos: int) -> Timestamp:
    """Nanoseconds since the Unix epoch as a message."""
    return Timestamp(seconds=nanos // 1_000_000_000, nanos=nanos % 1_000_000_000)


def summary(found: TraceSummary, matching: int = 0) -> pb.TraceSummary:
    """A trace in short."""
    return pb.TraceSummary(
        trace_id=found.trace_id,
        service=found.service,
        operation=found.operation,
        time=nano_timestamp(found.start_ns),
        duration_ms=(found.end_ns - found.start_ns) / _MS,
        span_count=found.spans,
        failed_span_count=found.failed,
        services=found.services,
        matching_span_count=matching,
    )


def span(placed: PlacedSpan, trace_start_ns: int) -> pb.Span:
    """A span in its place."""
    one = placed.span
    return pb.Span(
        span_id=one.span_id,
        parent_span_id=one.parent_span_id,
        depth=placed.depth,
        orphan=placed.orphan,
        operation=one.name,
        service=one.service,
        kind=one.kind if one.kind <= _LAST_KIND else 0,  # type: ignore[arg-type]
        time=nano_timestamp(one.start_ns),
        offset_ms=(one.start_ns - trace_start_ns) / _MS,
        duration_ms=one.duration_ns / _MS,
        self_ms=placed.self_ns / _MS,
        failed=one.status == FAILED,
        status_message=one.status_message,
        attributes=struct(one.attributes_json),
        events=[_event(event) for event in orjson.loads(one.events_json or "[]")],
        links=[_link(link) for link in orjson.loads(one.links_json or "[]")],
    )


def _event(event: Mapping[str, Any]) -> pb.SpanEvent:
    found = pb.SpanEvent(time=nano_timestamp(int(event.get("time_unix_ns", 0))), name=str(event.get("name", "")))
    found.attributes.update(event.get("attributes", {}))
    return found


def _link(link: Mapping[str, Any]) -> pb.SpanLink:
    found = pb.SpanLink(trace_id=str(link.get("trace_id", "")), span_id=str(link.get("span_id", "")))
    found.attributes.update(link.get("attributes", {}))
    return found


def service_map(found: ServiceMap, one_of: int) -> pb.GetServiceMapResponse:
    """A map that was drawn of one in so many traces."""
    return pb.GetServiceMapResponse(
        nodes=[_node(node, one_of) for node in found.nodes],
        edges=[_edge(edge, one_of) for edge in found.edges],
        fraction=1 / one_of,
    )


def _node(node: Node, one_of: int) -> pb.ServiceNode:
    return pb.ServiceNode(
        name=node.name,
        kind=_KINDS[node.kind],
        calls=node.calls * one_of,
        errors=node.errors * one_of,
        p50_ms=node.p50_ns / _MS,
        p95_ms=node.p95_ns / _MS,
    )


def _edge(edge: Calls, one_of: int) -> pb.ServiceEdge:
    return pb.ServiceEdge(
        caller=edge.caller or "",
        callee=edge.callee,
        calls=edge.calls * one_of,
        errors=edge.errors * one_of,
        p50_ms=edge.p50_ns / _MS,
        p95_ms=edge.p95_ns / _MS,
    )


def exemplars(found: Sequence[StoredExemplar]) -> list[pb.Exemplar]:
    """Exemplars in full."""
    return [
        pb.Exemplar(
            time=nano_timestamp(one.position[0]),
            trace_id=one.position[2],
            span_id=one.position[3],
            value=one.position[4],
            labels=one.labels,
            attributes=struct(one.attributes_json),
        )
        for one in found
    ]
