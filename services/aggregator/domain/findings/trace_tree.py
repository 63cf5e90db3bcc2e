"""The spans of one trace as a tree, and in short."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.aggregator.ports.traces import FAILED, LISTED_SERVICES, StoredSpan, TraceSummary


@dataclass(frozen=True, slots=True)
class PlacedSpan:
    """A span and where it stands: within `depth` others; `self_ns` of it is in none of its children.

    An orphan names a parent that is not there, or that is part of the span itself.
    """

    span: StoredSpan
    depth: int
    orphan: bool
    self_ns: int


def summary_of(trace_id: str, spans: Sequence[StoredSpan]) -> TraceSummary:
    """A trace in short, of all its spans, at least one."""
    first = min(spans, key=lambda span: (span.parent_span_id != "", span.start_ns))
    return TraceSummary(
        trace_id,
        first.service,
        first.name,
        min(span.start_ns for span in spans),
        max(span.start_ns + span.duration_ns for span in spans),
        len(spans),
        sum(span.status == FAILED for span in spans),
        sorted({span.service for span in spans})[:LISTED_SERVICES],
    )


def tree_of(spans: Sequence[StoredSpan]) -> list[PlacedSpan]:
    """Each span once, after its parent; siblings, and roots, by their start. Spans have different ids."""
    ordered = sorted(spans, key=lambda span: (span.start_ns, span.span_id))
    known = {span.span_id for span in ordered}
    children: dict[str, list[StoredSpan]] = {}
    for span in ordered:
        children.setdefault(span.parent_span_id, []).append(span)
    placed: list[PlacedSpan] = []
    seen: set[str] = set()
    roots = [span for span in ordered if span.parent_span_id not in known]
    # Whatever is left after the roots are parents of each other in a circle.
    for root in (*roots, *ordered):
        _place(root, children, seen, placed)
    return placed


def _place(root: StoredSpan, children: dict[str, list[StoredSpan]], seen: set[str], placed: list[PlacedSpan]) -> None:
    waiting = [(root, 0)]
    while waiting:
        span, depth = waiting.pop()
        if span.span_id in seen:
            continue
        seen.add(span.span_id)
        below = [child for child in children.get(span.span_id, ()) if child.span_id not in seen]
        orphan = depth == 0 and span.parent_span_id != ""
        placed.append(PlacedSpan(span, depth, orphan, _alone(span, below)))
        waiting.extend((child, depth + 1) for child in reversed(below))


def _alone(span: StoredSpan, children: Iterable[StoredSpan]) -> int:
    """How long a span is in none of its children, which are in order of start."""
    end = span.start_ns + span.duration_ns
    covered, reached = 0, span.start_ns
    for child in children:
        begins, ends = max(child.start_ns, reached), min(child.start_ns + child.duration_ns, end)
        if ends > begins:
            covered += ends - begins
            reached = ends
    return span.duration_ns - covered
