"""What is sent next, when a segment ends, what is repeated."""

import pytest
from hypothesis import given, strategies as st

from services.collector.domain.forwarding import Forwarding, Pace, Seal, Send, Wait
from services.collector.ports import Segment
from services.core.errors import Conflict

PACE = Pace(coalesce_seconds=0.02, seal_seconds=0.25, segment_bytes=1000, message_bytes=300, in_flight_bytes=2000)


def fresh(committed: int = 0, stored: tuple[Segment, ...] = ()) -> Forwarding:
    return Forwarding(PACE, committed, stored)


def test_a_lone_record_travels_at_once_and_its_segment_ends_after_a_while() -> None:
    state = fresh()
    assert state.next(0.0, 0) == Wait(None)
    assert state.next(0.0, 1) == Send(0, 1, 300)
    state.sent(1, 10, 0.0, 1)
    assert state.next(0.125, 1) == Wait(0.25 - 0.125)
    assert state.next(0.25, 1) == Seal(Segment(0, 1), stored=False)
    state.sealed(Segment(0, 1))
    assert state.next(0.3, 1) == Wait(None)


def test_records_that_follow_closely_travel_together() -> None:
    state = fresh()
    state.sent(1, 10, 0.0, 1)
    assert state.next(0.005, 3) == Wait(0.02 - 0.005)
    assert state.next(0.02, 3) == Send(1, 2, 300)


def test_nothing_is_held_back_while_more_is_waiting() -> None:
    state = fresh()
    state.sent(3, 300, 0.0, 10)
    assert state.next(0.0, 10) == Send(3, 7, 300)


def test_a_segment_ends_when_it_is_large() -> None:
    state = fresh()
    state.sent(10, 1000, 0.0, 20)
    assert state.next(0.0, 20) == Seal(Segment(0, 10), stored=False)


def test_a_segment_waits_for_the_one_before_it_unless_it_is_large() -> None:
    state = fresh()
    state.sent(1, 10, 0.0, 1)
    state.sealed(Segment(0, 1))
    state.sent(1, 10, 1.0, 2)
    assert state.next(2.0, 2) == Wait(None)
    state.commit(1)
    assert state.next(2.0, 2) == Seal(Segment(1, 2), stored=False)
    state.sealed(Segment(1, 2))
    state.sent(10, 1000, 2.0, 12)
    assert state.next(2.0, 12) == Seal(Segment(2, 12), stored=False)


def test_no_more_is_sent_than_may_be_in_flight() -> None:
    state = fresh()
    for start in (0, 10):
        state.sent(10, 1000, 0.0, 100)
        state.sealed(Segment(start, start + 10))
    assert state.next(0.0, 100) == Wait(None)
    state.commit(10)
    assert state.next(0.0, 100) == Send(20, 80, 300)


def test_stored_segments_are_repeated_with_their_bounds() -> None:
    state = fresh(4, (Segment(2, 4), Segment(4, 6), Segment(6, 7)))
    assert state.next(0.0, 9) == Send(4, 2, 300)
    state.sent(2, 10, 0.0, 9)
    assert state.next(0.0, 9) == Seal(Segment(4, 6), stored=True)
    state.sealed(Segment(4, 6))
    assert state.next(0.0, 9) == Send(6, 1, 300)
    state.sent(1, 10, 0.0, 9)
    assert state.next(0.0, 9) == Seal(Segment(6, 7), stored=True)
    state.sealed(Segment(6, 7))
    assert state.next(0.0, 9) == Send(7, 2, 300)


def test_a_stored_segment_under_way_is_finished_whatever_its_size() -> None:
    state = fresh(0, (Segment(0, 40),))
    state.sent(30, 3000, 0.0, 40)
    assert state.next(0.0, 40) == Send(30, 10, 300)


def test_a_commitment_of_what_was_never_sealed_is_refused() -> None:
    state = fresh()
    state.sent(2, 10, 0.0, 2)
    with pytest.raises(Conflict):
        state.commit(2)


@given(
    sizes=st.lists(st.integers(1, 900), min_size=1, max_size=60),
    breaks=st.lists(st.integers(1, 25), max_size=6),
    lag=st.integers(0, 3),
)
def test_whatever_breaks_every_record_is_committed_once_and_segments_never_change(
    sizes: list[int], breaks: list[int], lag: int
) -> None:
    committed, now, bounds = 0, 0.0, dict[int, int]()
    steps_left = iter([*breaks, 10_000])
    while committed < len(sizes):
        stored = [Segment(start, end) for start, end in sorted(bounds.items()) if end > committed]
        state, unanswered = Forwarding(PACE, committed, stored), list[Segment]()
        for _step in range(next(steps_left)):
            step = state.next(now, len(sizes))
            if isinstance(step, Send):
                taken = 1
                while taken < step.max_records and sum(sizes[step.from_offset :][: taken + 1]) <= step.max_bytes:
                    taken += 1
                state.sent(taken, sum(sizes[step.from_offset :][:taken]), now, len(sizes))
            elif isinstance(step, Seal):
                assert step.segment.from_offset < step.segment.to_offset
                assert step.stored == (step.segment.from_offset in bounds)
                assert bounds.setdefault(step.segment.from_offset, step.segment.to_offset) == step.segment.to_offset
                state.sealed(step.segment)
                unanswered.append(step.segment)
            else:
                now += 0.25 if step.seconds is None else step.seconds
            if len(unanswered) > lag or (isinstance(step, Wait) and unanswered):
                done = unanswered.pop(0)
                assert done.from_offset == committed
                committed = done.to_offset
                state.commit(committed)
            if committed == len(sizes):
                break
    assert [end for _start, end in sorted(bounds.items())][-1] == len(sizes)
