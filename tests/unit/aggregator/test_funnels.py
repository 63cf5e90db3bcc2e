"""Funnels against a search through all rows of events."""

from collections.abc import Sequence
from itertools import combinations
from statistics import median

import numpy as np
from hypothesis import given, settings, strategies as st

from services.aggregator.domain.business.funnels import Funnel, StepFigures, funnel
from services.aggregator.ports.funnels import FunnelColumns

Row = tuple[int, int, int, int]
"""Actor, time in seconds, steps matched as bits, group."""

rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(1, 7), st.integers(0, 2)), max_size=18)


def columns(rows: Sequence[Row]) -> FunnelColumns:
    ordered = sorted(enumerate(rows), key=lambda each: (each[1][0], each[1][1], each[0]))
    actors, times, matches, groups = zip(*(row for _place, row in ordered), strict=True) if rows else ((), (), (), ())
    return FunnelColumns(
        np.array(actors, np.uint64),
        np.array(times, np.int64) * 1_000_000,
        np.array(matches, np.uint16),
        np.array(groups, np.uint64),
    )


def furthest(events: Sequence[Row], steps: int, window: int) -> tuple[int, ...]:
    """The places of the chain that came furthest first, begun as late as possible; empty without any."""
    for length in range(steps, 0, -1):
        chains = [
            places
            for places in combinations(range(len(events)), length)
            if all(events[place][2] >> step & 1 for step, place in enumerate(places))
            and events[places[-1]][1] - events[places[0]][1] <= window
        ]
        if chains:
            first_end = min(chain[-1] for chain in chains)
            # Of those, every event as late as it can be, from the last step backwards.
            return max((chain for chain in chains if chain[-1] == first_end), key=lambda chain: chain[::-1])
    return ()


def expected(rows: Sequence[Row], steps: int, window: int, only: int | None = None) -> tuple[StepFigures, ...]:
    chains = []
    for actor in {row[0] for row in rows}:
        # Stable: events of one time stay in order of intake.
        events = sorted((row for row in rows if row[0] == actor), key=lambda row: row[1])
        chain = furthest(events, steps, window)
        if chain and (only is None or events[chain[0]][3] == only):
            chains.append([events[place][1] for place in chain])
    figures = []
    for step in range(steps):
        taken = [times for times in chains if len(times) > step]
        if not step or not taken:
            figures.append(StepFigures(len(taken)))
            continue
        previous = float(median(times[step] - times[step - 1] for times in taken))
        figures.append(StepFigures(len(taken), previous, float(median(times[step] - times[0] for times in taken))))
    return tuple(figures)


@given(rows, st.integers(2, 3), st.integers(1, 12))
@settings(max_examples=300)
def test_a_funnel_is_what_a_search_through_all_rows_finds(rows: list[Row], steps: int, window: int) -> None:
    found = funnel(columns(rows), steps, window * 1_000_000)
    assert found.steps == expected(rows, steps, window)


@given(rows, st.integers(1, 12))
@settings(max_examples=100)
def test_the_groups_and_the_rest_are_the_whole(rows: list[Row], window: int) -> None:
    found = funnel(columns(rows), 2, window * 1_000_000, groups=2)
    for value, steps in found.groups.items():
        assert steps == expected(rows, 2, window, value)
    parts = [*found.groups.values(), *([found.rest] if found.rest else [])]
    assert [sum(part[step].count for part in parts) for step in range(2)] == [step.count for step in found.steps]


def test_one_event_takes_one_step() -> None:
    both = 0b11
    assert funnel(columns([(1, 0, both, 0)]), 2, 10_000_000).steps[1].count == 0
    assert funnel(columns([(1, 0, both, 0), (1, 0, both, 0)]), 2, 10_000_000).steps[1].count == 1


def test_nothing_is_a_funnel_of_nobody() -> None:
    assert funnel(columns([]), 2, 1, groups=5) == Funnel((StepFigures(0), StepFigures(0)), {})
