"""Positions: as texts, and what they say of rows."""

import pytest
from hypothesis import given, strategies as st

from services.core.errors import InvalidInput
from services.streamer.convert.positions import standing_from, token_from
from services.streamer.domain.deliveries import Standing
from services.streamer.domain.positions import after, covers, furthest, leaves_out, unknown
from services.streamer.ports import Mark, Position, Row, Rows, Span

JOURNAL = "00000000000000aa"
MARKS = st.tuples(st.integers(0, 2**63), st.integers(0, 2**31))
POSITIONS = st.builds(
    Position,
    st.dictionaries(st.binary(min_size=8, max_size=8).map(bytes.hex), MARKS, max_size=5),
    st.integers(0, 2**40).map(lambda milliseconds: milliseconds / 1000),
)


def at(mark: Mark) -> Position:
    return Position({JOURNAL: mark}, 1.0)


def rows(begin: Mark, end: Mark, *marks: Mark) -> Rows:
    held = [Row(JOURNAL, mark, 0.0, "a", "", "{}", None) for mark in marks]
    return Rows([Span(JOURNAL, begin, end)], held, 2.0, 100)


@given(POSITIONS, st.booleans(), st.text(min_size=1, max_size=20))
def test_a_text_tells_the_position_again(position: Position, logs: bool, tenant: str) -> None:
    standing = Standing(tenant, logs, position)
    assert standing_from(token_from(standing), tenant) == standing


@given(POSITIONS, st.integers(0), st.sampled_from("ABCxyz019-_"))
def test_a_text_that_was_broken_is_refused(position: Position, place: int, character: str) -> None:
    token = token_from(Standing("t", False, position))
    place %= len(token) - 1
    broken = token[:place] + character + token[place + 1 :]
    if broken != token:
        with pytest.raises(InvalidInput, match="position"):
            standing_from(broken, "t")


@pytest.mark.parametrize("token", ["x", "ü", "bm90IG91cnM", "A" * 30_000])
def test_what_was_never_told_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput, match="position"):
        standing_from(token, "t")


def test_a_position_is_of_its_tenant() -> None:
    with pytest.raises(InvalidInput, match="position"):
        standing_from(token_from(Standing("one", False, at((1, 0)))), "other")


def test_what_was_told_before_is_left_out() -> None:
    told = rows((1, 0), (4, 0), (1, 0), (2, 3), (3, 0))
    assert [row.mark for row in unknown(at((2, 3)), told).rows] == [(2, 3), (3, 0)]
    assert after(at((2, 3)), told.spans, 5.0) == Position({JOURNAL: (4, 0)}, 5.0)
    assert after(at((9, 0)), told.spans, 5.0).marks == {JOURNAL: (9, 0)}


def test_rows_that_begin_later_leave_something_out() -> None:
    assert leaves_out(at((1, 0)), rows((1, 1), (2, 0)))
    assert not leaves_out(at((1, 1)), rows((1, 1), (2, 0)))
    assert leaves_out(Position({}, 0.0), rows((1, 0), (2, 0)))


def test_of_two_positions_the_furthest_of_each_journal() -> None:
    one, other = Position({"a": (1, 0), "b": (5, 0)}, 3.0), Position({"a": (2, 0)}, 1.0)
    assert furthest(one, other) == Position({"a": (2, 0), "b": (5, 0)}, 1.0)
    assert furthest(None, other) is other
    assert covers(one, {"a": (1, 0)})
    assert not covers(other, one.marks)
