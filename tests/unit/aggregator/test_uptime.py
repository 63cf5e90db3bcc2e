"""Uptime against counting second by second."""

import itertools

from hypothesis import given, strategies as st

from services.aggregator.domain.reports.past_days import Remembered, joined_lives, joined_probes
from services.aggregator.domain.reports.spans_of_time import clipped, length, union, without
from services.aggregator.domain.reports.uptime import BURN_WINDOWS, budget, histories, share
from services.aggregator.ports.reliability import Life, Probe
from tests.support.clock import ManualClock

MICRO = 1_000_000
END = 4_000
LATE = 120

seconds = st.integers(0, END - 1)
spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


def moments(of: list[tuple[int, int]]) -> set[int]:
    return {moment for begin, end in of for moment in range(begin, end)}


@given(spans, spans, st.integers(0, 40), st.integers(0, 40))
def test_spans_are_sets_of_moments(some: list[tuple[int, int]], others: list[tuple[int, int]], a: int, b: int) -> None:
    whole = union(some, others)
    assert moments(whole) == moments(some) | moments(others)
    assert length(whole) == len(moments(whole))
    assert moments(without(union(some), others)) == moments(some) - moments(others)
    assert moments(clipped(whole, a, b)) == moments(whole) & set(range(a, b))


def pairs(times: list[int]) -> list[tuple[int, int]]:
    return list(itertools.pairwise(times))


def micros(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(begin * MICRO, end * MICRO) for begin, end in found]


def life(times: list[int]) -> Life:
    late = [pair for pair in pairs(times) if pair[1] - pair[0] > LATE]
    return Life("shop", times[0] * MICRO, times[-1] * MICRO, micros(late))


def probe(values: dict[int, int]) -> Probe:
    times = sorted(values)
    late = [pair for pair in pairs(times) if pair[1] - pair[0] > LATE]
    failed = [(a, b) for a, b in [*pairs(times), (times[-1], times[-1])] if not values[a]]
    return Probe({"service": "shop"}, times[0] * MICRO, times[-1] * MICRO, micros(late), micros(failed))


def probed(values: dict[int, int], moment: int) -> int | None:
    """The newest value of at most two minutes ago."""
    newest = max((time for time in values if time <= moment), default=None)
    return None if newest is None or moment - newest >= LATE else values[newest]


@given(
    st.lists(seconds, unique=True, max_size=12).map(sorted),
    st.dictionaries(seconds, st.integers(0, 1), max_size=12),
    seconds,
)
def test_uptime_is_that_of_counting_seconds(beats: list[int], values: dict[int, int], begin: int) -> None:
    found = histories([life(beats)] if beats else [], [probe(values)] if values else [], END * MICRO)
    observed: set[int] = set()
    down: set[int] = set()
    for moment in range(END):
        if beats and moment >= beats[0]:
            observed.add(moment)
            if not any(0 <= moment - beat < LATE for beat in beats):
                down.add(moment)
        told = probed(values, moment)
        if told is not None:
            observed.add(moment)
            if not told:
                down.add(moment)
    if not found:
        assert not observed
        return
    history = found["shop"]
    told_share = share(history, begin * MICRO, END * MICRO)
    within = set(range(begin, END))
    assert (told_share.observed, told_share.down) == (len(observed & within), len(down & within))
    assert sum(one.seconds for one in history.outages(0)) == len(down)
    assert [one for one in history.outages(0) if one.end_us is None] == [
        one for one in history.outages(0) if one.start_us + one.seconds * MICRO == END * MICRO
    ]
    made = budget([history], END * MICRO, 99.0)
    assert (made.burnt, made.observed) == (len(down), len(observed))
    assert made.left == made.total - len(down)
    rates = dict(made.rates)
    assert set(rates) == set(BURN_WINDOWS)
    recent = set(range(END - 3_600, END))
    expected = len(down & recent) / len(observed & recent) / 0.01 if observed & recent else None
    assert rates[3_600] is expected is None or abs((rates[3_600] or 0) - (expected or 0)) < 1e-6


@given(
    st.lists(seconds, unique=True, max_size=12).map(sorted),
    st.dictionaries(seconds, st.integers(0, 1), max_size=12),
    seconds,
)
def test_two_ranges_say_what_one_would(beats: list[int], values: dict[int, int], middle: int) -> None:
    def lives(times: list[int]) -> list[Life]:
        return [life(times)] if times else []

    def probes(told: dict[int, int]) -> list[Probe]:
        return [probe(told)] if told else []

    earlier, later = [t for t in beats if t < middle], [t for t in beats if t >= middle]
    assert joined_lives(lives(earlier), lives(later), LATE * MICRO) == lives(beats)
    before = {t: value for t, value in values.items() if t < middle}
    after = {t: value for t, value in values.items() if t >= middle}
    assert joined_probes(probes(before), probes(after), LATE * MICRO) == probes(values)


async def test_what_is_remembered_is_asked_for_again_after_ten_minutes() -> None:
    clock, asked = ManualClock(), list[int]()

    async def ask() -> int:
        asked.append(1)
        return len(asked)

    known = Remembered[int](clock)
    assert [await known.get("a", ask), await known.get("a", ask), await known.get("b", ask)] == [1, 1, 2]
    await clock.advance(601)
    assert await known.get("a", ask) == 3


def test_who_was_silent_for_a_day_is_withdrawn() -> None:
    end = 3 * 86_400 * MICRO
    history = histories([Life("old", 0, 600 * MICRO)], [], end)["old"]
    [outage] = history.outages(0)
    assert outage.end_us == (600 + 86_400) * MICRO
    assert share(history, end - 3_600 * MICRO, end).observed == 0
