"""Sets of moments as spans: sorted, apart from each other, their ends not within."""

from collections.abc import Iterable, Sequence

from services.aggregator.ports.reliability import Span


def union(*sets: Iterable[Span]) -> list[Span]:
    """All moments of any of them."""
    joined: list[Span] = []
    for begin, end in sorted(span for spans in sets for span in spans if span[0] < span[1]):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def clipped(spans: Iterable[Span], begin: int, end: int) -> list[Span]:
    """What lies within `[begin, end)`."""
    cut = ((max(span[0], begin), min(span[1], end)) for span in spans)
    return [span for span in cut if span[0] < span[1]]


def without(spans: Sequence[Span], others: Iterable[Span]) -> list[Span]:
    """What is left of spans (in order, apart from each other) without the moments of others."""
    left: list[Span] = []
    holes = union(others)
    for begin, end in spans:
        for hole_begin, hole_end in clipped(holes, begin, end):
            if begin < hole_begin:
                left.append((begin, hole_begin))
            begin = hole_end
        if begin < end:
            left.append((begin, end))
    return left


def length(spans: Iterable[Span]) -> int:
    """How much time it is."""
    return sum(end - begin for begin, end in spans)


def overlap(spans: Iterable[Span], begin: int, end: int) -> bool:
    """Whether any of it lies within `[begin, end)`."""
    return any(span[0] < end and begin < span[1] for span in spans)
