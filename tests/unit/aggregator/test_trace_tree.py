from dataclasses import replace

from hypothesis import given, strategies as st

from services.aggregator.domain.findings.trace_tree import summary_of, tree_of
from services.aggregator.ports.traces import StoredSpan, TraceSummary

NUMBERS = st.integers(0, 12)
MADE = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=12)


def span(number: int, parent: str, start: int, duration: int) -> StoredSpan:
    return StoredSpan(str(number), parent, "n", "s", 1, 0, "", start, duration, "{}", "[]", "[]")


def uncovered(whole: StoredSpan, children: list[StoredSpan]) -> int:
    """Nanoseconds of a span that none of its children has, counted one by one."""
    moments = range(whole.start_ns, whole.start_ns + whole.duration_ns)
    return sum(
        not any(child.start_ns <= moment < child.start_ns + child.duration_ns for child in children)
        for moment in moments
    )


@given(MADE)
def test_each_span_once_after_its_parent(made: list[tuple[int, int, int]]) -> None:
    """Parents may lack, be the span itself, or stand in a circle."""
    spans = [span(number, str(parent), start, duration) for number, (parent, start, duration) in enumerate(made)]
    placed = tree_of(spans)
    assert sorted(one.span.span_id for one in placed) == sorted(one.span_id for one in spans)
    path: list[str] = []
    for one in placed:
        del path[one.depth :]
        assert len(path) == one.depth
        if one.depth:
            assert path[-1] == one.span.parent_span_id
        else:
            assert one.orphan
        path.append(one.span.span_id)


@given(MADE)
def test_what_a_span_does_by_itself(made: list[tuple[int, int, int]]) -> None:
    root = span(99, "", 3, 9)
    children = [span(number, "99", start, duration) for number, (_parent, start, duration) in enumerate(made)]
    [whole, *_rest] = tree_of([*children, root])
    assert whole.self_ns == uncovered(root, children)
    assert not whole.orphan


def test_siblings_stand_by_their_start() -> None:
    spans = [span(1, "", 0, 9), span(2, "1", 5, 1), span(3, "1", 2, 1), span(4, "3", 4, 1)]
    assert [(one.span.span_id, one.depth) for one in tree_of(spans)] == [("1", 0), ("3", 1), ("4", 2), ("2", 1)]


def test_a_deep_trace_is_no_trouble() -> None:
    spans = [span(number, str(number - 1) if number else "", number, 20_000 - number) for number in range(10_000)]
    assert [one.depth for one in tree_of(spans)] == list(range(10_000))


def test_a_trace_in_short_begins_with_its_root() -> None:
    early = replace(span(1, "9", 5, 1), service="b", name="child")
    root, other = (replace(span(number, "", 7 + number, 10), service="a", name=f"root {number}") for number in (2, 3))
    found = summary_of("t", [early, other, replace(root, status=2)])
    assert found == TraceSummary("t", "a", "root 2", 5, 20, 3, 1, ["a", "b"])
    assert summary_of("t", [early]).operation == "child"
