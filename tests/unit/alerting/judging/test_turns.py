"""However much there is to judge, others have a turn in between."""

import asyncio
from collections.abc import Sequence, Sized

import numpy as np
from hypothesis import given, strategies as st

from services.alerting.domain.judging.instants import sample_panels
from services.alerting.domain.judging.plans import plans_of
from services.alerting.domain.judging.turns import AT_ONCE, portions, turns
from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Floats
from services.alerting.ports.rules import Threshold
from services.alerting.ports.sources import Matrix, Samples, SeriesAnswer, Sources
from services.core.questions import Expression, Selection
from tests.support.alerts import START, book_of, rule

MANY = 3 * AT_ONCE


@given(st.lists(st.integers(1, 3 * AT_ONCE), max_size=5))
def test_portions_are_small_and_hold_each_series_as_a_whole(lengths: list[int]) -> None:
    ids = np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths)
    values = np.arange(len(ids), dtype=np.float64)
    parts = list(portions(Samples(dict.fromkeys(range(len(lengths)), ()), ids, values, values)))
    assert np.array_equal(np.concatenate([part.values for part in parts]), values)
    assert sum(len(part.series) for part in parts) == len(lengths)
    met = [set(part.ids.tolist()) for part in parts]
    assert sum(map(len, met)) == len(lengths)
    assert all(len(part.ids) <= AT_ONCE + max(lengths, default=0) for part in parts)


def test_turns_cover_everything_once() -> None:
    assert [place for some in turns(MANY + 1) for place in range(MANY + 1)[some]] == list(range(MANY + 1))


async def most_in_a_turn(alerts: Sized, work: asyncio.Task[None]) -> int:
    """How many alerts begin between two turns of somebody else."""
    most, before = 0, 0
    while not work.done():
        await asyncio.sleep(0)
        most, before = max(most, len(alerts) - before), len(alerts)
    await work
    return most


class Series:
    """Every group is bad."""

    async def values(self, tenant: str, expressions: Sequence[Expression], ends: Floats) -> SeriesAnswer:
        labels: list[Labels] = [(("service", str(place)),) for place in range(MANY)]
        return SeriesAnswer([Matrix(labels, np.full((MANY, len(ends)), 99.0))])


async def test_many_that_fire_at_one_tick_are_judged_in_turns() -> None:
    asked = rule(condition=Threshold((Expression("a", Selection("cpu", window=10.0)),)))
    book = book_of(asked)
    [plan] = plans_of(book.rules, book, Sources(Series(), None, None), START)  # type: ignore[arg-type]
    alerts = book.active
    most = await most_in_a_turn(alerts, asyncio.create_task(plan.judge("default", book, START, np.array([START]))))
    assert (len(alerts), most) == (MANY, AT_ONCE)


async def test_many_that_have_held_for_long_enough_fire_in_turns() -> None:
    held = rule(hold=5.0, interval=1.0)
    book = book_of(held)
    [panel] = sample_panels(book.rules, book, START)
    groups: list[Labels] = [(("__name__", "cpu"), ("service", str(place))) for place in range(MANY)]
    indexes = panel.panel.indexes(groups)
    panel.panel.feed(indexes, np.full(MANY, START + 1.0), np.full(MANY, 99.0))
    book.take()
    fired = [len(book.take().transitions) for _part in panel.panel.ticking(START + 6.0)]
    assert [*fired, len(book.take().transitions)] == [AT_ONCE] * 3
