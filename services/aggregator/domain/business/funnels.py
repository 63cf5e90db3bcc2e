"""How many actors took steps one after the other, and how long they took: by whole columns.

An actor has taken step k when events of steps 1 to k follow one another, each its own, the last within the window from
the first. Of all such rows of events the one begun latest is the one that can still go on longest, so for each event
and step only that one has to be known: a fill forward over the events of each actor, step by step.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.funnels import FunnelColumns

Places = npt.NDArray[np.int64]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One step: actors who took it, and median seconds since the step before and since the first; 0 without any."""

    count: int
    from_previous_seconds: float = 0.0
    from_first_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Funnel:
    """The steps over all actors, and by hash of the breakdown's value: those with most entries, then the rest."""

    steps: tuple[StepFigures, ...]
    groups: Mapping[int, tuple[StepFigures, ...]]
    rest: tuple[StepFigures, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Chains:
    """For each actor who began: the places of the events of its chain, -1 beyond the step it came to."""

    places: npt.NDArray[np.int64]

    def figures(self, times_us: Longs, chosen: npt.NDArray[np.bool_] | None = None) -> tuple[StepFigures, ...]:
        places = self.places if chosen is None else self.places[chosen]
        return tuple(_figures(places, times_us, step) for step in range(places.shape[1]))


def funnel(columns: FunnelColumns, steps: int, window_us: int, groups: int = 0) -> Funnel:
    """The funnel of `steps` steps, broken down by the `groups` most frequent values of the first event."""
    chains = _chains(columns, steps, window_us)
    whole = chains.figures(columns.times_us)
    if not groups or not len(chains.places):
        return Funnel(whole, {})
    of_actor = columns.groups[chains.places[:, 0]]
    values, counts = np.unique(of_actor, return_counts=True)
    most = values[np.lexsort((values, -counts))][:groups]
    told = {int(value): chains.figures(columns.times_us, of_actor == value) for value in most}
    beyond = ~np.isin(of_actor, most)
    return Funnel(whole, told, chains.figures(columns.times_us, beyond) if beyond.any() else None)


def _chains(columns: FunnelColumns, steps: int, window_us: int) -> _Chains:
    """The chain of each actor that came furthest first, begun as late as possible."""
    rows = len(columns.actors)
    if not rows:
        return _Chains(np.empty((0, steps), np.int64))
    new_actor = np.concatenate(([True], columns.actors[1:] != columns.actors[:-1]))
    first_rows = np.flatnonzero(new_actor)
    actor_of = np.cumsum(new_actor) - 1
    places, taken = _step_by_step(columns, steps, window_us, first_rows[actor_of])
    return _followed_back(places, taken, actor_of, len(first_rows))


def _step_by_step(
    columns: FunnelColumns, steps: int, window_us: int, first_row: Places
) -> tuple[list[Places], list[npt.NDArray[np.bool_]]]:
    """For each step and event: the last event of the actor so far that took the step (-1: none), and whether it did."""
    rows = np.arange(len(first_row))
    places: list[Places] = []
    takes: list[npt.NDArray[np.bool_]] = []
    began = rows
    for step in range(steps):
        taking = (columns.matches >> np.uint16(step)) & 1 == 1
        if step:
            before = _before(places[-1], first_row, rows)
            # The first event of the chain that this one would go on.
            begins = np.where(before >= 0, began[before], -1)
            taking &= (before >= 0) & (columns.times_us - columns.times_us[begins] <= window_us)
            began = np.where(taking, begins, -1)
        last = np.maximum.accumulate(np.where(taking, rows, -1))
        places.append(np.where(last >= first_row, last, -1))
        takes.append(taking)
    return places, takes


def _before(places: Places, first_row: Places, rows: Places) -> Places:
    """What held before each event, of the same actor."""
    former = np.concatenate(([-1], places[:-1]))
    return np.where(rows > first_row, former, -1)


def _followed_back(places: list[Places], takes: list[npt.NDArray[np.bool_]], actor_of: Places, actors: int) -> _Chains:
    """From the first event at which each actor came furthest, back to its beginning."""
    chains = np.full((actors, len(places)), -1, np.int64)
    reached = np.full(actors, -1, np.int64)
    for step, taking in reversed(list(enumerate(takes))):
        ends = np.flatnonzero(taking)
        who, first = np.unique(actor_of[ends], return_index=True)
        new = reached[who] < 0
        reached[who[new]] = step
        chains[who[new], step] = ends[first[new]]
        # Those who came further have their next event already: this one lay before it.
        further = np.flatnonzero(reached > step)
        if len(further):
            chains[further, step] = places[step][chains[further, step + 1] - 1]
    return _Chains(chains[reached >= 0])


def _figures(places: Places, times_us: Longs, step: int) -> StepFigures:
    taken = places[places[:, step] >= 0]
    if not len(taken) or not step:
        return StepFigures(len(taken))
    times = times_us[taken[:, step]]
    return StepFigures(
        len(taken),
        float(np.median(times - times_us[taken[:, step - 1]])) / 1e6,
        float(np.median(times - times_us[taken[:, 0]])) / 1e6,
    )
