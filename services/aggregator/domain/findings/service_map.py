"""Puts a map together of calls that were answered and calls that were not."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.aggregator.ports.traces import Calls, NodeKind


@dataclass(frozen=True, slots=True)
class Node:
    """Something that is called, or calls; durations in nanoseconds, 0 without calls."""

    name: str
    kind: NodeKind
    calls: int = 0
    errors: int = 0
    p50_ns: float = 0.0
    p95_ns: float = 0.0


@dataclass(frozen=True, slots=True)
class ServiceMap:
    """Nodes by name, and who called whom; every edge has both of its nodes."""

    nodes: Sequence[Node]
    edges: Sequence[Calls]


def service_map(answered: Sequence[Calls], unanswered: Sequence[Calls]) -> ServiceMap:
    """The map. A service that also was called without an answer has these calls beside the others."""
    edges: dict[tuple[str, str], Calls] = {}
    nodes: dict[str, Node] = {}
    for one in answered:
        if one.caller is None:
            nodes[one.callee] = Node(one.callee, "service", one.calls, one.errors, one.p50_ns, one.p95_ns)
    for one in answered:
        if one.caller is not None:
            edges[one.caller, one.callee] = one
            nodes.setdefault(one.caller, Node(one.caller, "service"))
    services = set(nodes) | {one.caller for one in unanswered if one.caller is not None}
    for one in unanswered:
        assert one.caller is not None
        nodes.setdefault(one.caller, Node(one.caller, "service"))
        nodes[one.callee] = _called(nodes.get(one.callee), one, one.callee in services)
        known = edges.get((one.caller, one.callee))
        edges[one.caller, one.callee] = one if known is None else _both(known, one)
    return ServiceMap([nodes[name] for name in sorted(nodes)], [edges[pair] for pair in sorted(edges)])


def _called(node: Node | None, calls: Calls, service: bool) -> Node:
    if node is None or node.calls == 0:
        kind: NodeKind = "service" if service else calls.kind
        return Node(calls.callee, kind, calls.calls, calls.errors, calls.p50_ns, calls.p95_ns)
    merged = _both(Calls(None, node.name, node.calls, node.errors, node.p50_ns, node.p95_ns), calls)
    return Node(node.name, node.kind, merged.calls, merged.errors, merged.p50_ns, merged.p95_ns)


def _both(one: Calls, other: Calls) -> Calls:
    """Calls of two kinds together; the durations are those of the greater part."""
    most = max(one, other, key=lambda calls: calls.calls)
    return Calls(
        one.caller, one.callee, one.calls + other.calls, one.errors + other.errors, most.p50_ns, most.p95_ns, one.kind
    )
