"""Questions about one group alone: as little is asked for as can be, and it comes to the same."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from services.alerting.domain.judging.askings import Asking, asking_of
from services.alerting.domain.judging.measures import AgeMeasure, SeriesMeasure
from services.alerting.domain.judging.narrowing import SeriesOfGroups, ages_of_groups, common
from services.alerting.ports.alerts import Labels, Severity
from services.alerting.ports.judging import Floats
from services.alerting.ports.rules import Absence, Change, Condition, Level, Ratio, Rule, StaleHeartbeat, Threshold
from services.alerting.ports.sources import Samples, SampleSource, Selector, SeriesAnswer, SeriesSource
from services.core.conventions import HEARTBEATS
from services.core.matching import Matcher, Operator
from services.core.questions import Expression, Grouping, Ranking, Selection
from tests.support.clock import ManualClock
from tests.support.judging_stage import START, TENANT
from tests.support.told_sources import Sample, ToldSources

SECONDS = 40
HOSTS = 6
TICKS = START + np.arange(10.0, SECONDS, 10.0)
SHOP: Labels = (("service", "shop"),)
BY_SERVICE, ALL = Grouping("sum", by=("service",)), Grouping("sum")


class Recorder:
    """A SeriesSource that remembers how often each was asked for, and by which conditions."""

    def __init__(self, source: SeriesSource) -> None:
        self._source = source
        self.asked: list[list[str]] = []

    async def values(self, tenant: str, expressions: Sequence[Expression], ends: Floats) -> SeriesAnswer:
        selections = [each.source for each in expressions if isinstance(each.source, Selection)]
        self.asked.append([", ".join(map(str, one.matchers)) for one in selections])
        return await self._source.values(tenant, expressions, ends)


def told() -> ToldSources:
    """Two hosts of each of three services, and traffic that belongs to no service; all of it seen."""
    clock = ManualClock(START + 10 * SECONDS)
    sources = ToldSources(clock)
    for place, (service, host) in enumerate((service, host) for service in ("cart", "mail", "shop") for host in "ab"):
        for metric in ("heat", "flow", HEARTBEATS):
            labels = (("__name__", metric), ("host", host), ("service", service))
            for second in range(SECONDS):
                at = START + second
                sources.samples.append(Sample(labels, at, float(second % (place + 2) + 1), at))
    for second in range(SECONDS):
        sources.samples.append(Sample((("__name__", "limit"),), START + second, 50.0, START + second))
    return sources


def asking(condition: Condition, minimum_points: int = 1) -> Asking:
    found = asking_of(Rule("r", "r", condition, (Level(Severity.WARNING, 5.0),), minimum_points=minimum_points))
    assert found is not None
    return found


def selection(metric: str, grouping: Grouping | None = BY_SERVICE) -> Selection:
    return Selection(metric, (), "sum", window=10.0, grouping=grouping)


SHARE = Ratio(selection("heat"), selection("flow"))
GROUPED = [
    asking(Threshold((Expression("a", selection("heat")),))),
    asking(Threshold((Expression("a", selection("heat")),)), minimum_points=15),
    asking(Change(selection("heat"), 10.0)),
    asking(SHARE),
]


async def row(asking: Asking, source: SeriesSource, group: Labels) -> list[float]:
    """The values of a group."""
    [course] = await SeriesMeasure(source, asking.expressions, [asking]).courses(TENANT, TICKS)
    return list(course.values[list(course.groups).index(group)])


@pytest.mark.parametrize("asking", GROUPED, ids=["threshold", "enough points", "change", "ratio"])
async def test_of_one_group_only_its_series_are_asked_for(asking: Asking) -> None:
    source = Recorder(told().sources().series)
    narrowed = await row(asking, SeriesOfGroups(source, SHOP), SHOP)
    assert source.asked == [["service=shop"] * len(asking.expressions)]
    assert narrowed == await row(asking, source, SHOP)
    assert not np.isnan(narrowed).all()


async def test_series_that_are_not_put_together_are_asked_for_by_all_of_their_labels() -> None:
    single, labels = asking(Threshold((Expression("a", selection("heat", None)),))), (("host", "b"), *SHOP)
    source = Recorder(told().sources().series)
    narrowed = await row(single, SeriesOfGroups(source, (("__name__", "heat"), *labels)), labels)
    assert source.asked == [["host=b, service=shop"]]
    assert narrowed == await row(single, source, labels)


async def test_what_belongs_to_every_group_is_asked_for_as_a_whole() -> None:
    shared = asking(Ratio(selection("heat"), selection("flow", ALL)))
    source = Recorder(told().sources().series)
    answer = await SeriesOfGroups(source, SHOP).values(TENANT, shared.expressions, TICKS)
    assert [list(matrix.labels) for matrix in answer.results] == [[SHOP], [()]]
    assert source.asked == [["service=shop", ""]]


async def test_what_has_no_such_series_is_asked_for_again_in_full() -> None:
    shared = asking(Ratio(selection("limit"), selection("flow")))
    source = Recorder(told().sources().series)
    narrowed = await row(shared, SeriesOfGroups(source, SHOP), SHOP)
    assert source.asked == [["service=shop", "service=shop"], ["", ""]]
    assert narrowed == await row(shared, source, SHOP)
    assert not np.isnan(narrowed).any()


async def test_a_rank_is_among_all() -> None:
    expression = replace(GROUPED[0].expressions[0], ranking=Ranking(1))
    source = Recorder(told().sources().series)
    await SeriesOfGroups(source, SHOP).values(TENANT, [expression], TICKS)
    assert source.asked == [[""]]


async def test_more_conditions_than_there_may_be_are_not_asked_for() -> None:
    many = tuple(Matcher(f"label{number}", Operator.EQUAL, "") for number in range(20))
    source = Recorder(told().sources().series)
    expression = Expression("a", replace(selection("heat"), matchers=many))
    await SeriesOfGroups(source, SHOP).values(TENANT, [expression], TICKS)
    assert source.asked == [[", ".join(map(str, many))]]


@pytest.mark.parametrize(
    "condition",
    [Absence("heat", (), ("service",), 5.0), StaleHeartbeat()],
    ids=["absence", "heartbeat"],
)
async def test_of_one_group_only_its_samples_are_read(condition: Absence | StaleHeartbeat) -> None:
    samples = told().sources().samples
    [every] = await AgeMeasure(samples, condition).courses(TENANT, TICKS)
    [one] = await AgeMeasure(samples, ages_of_groups(condition, SHOP)).courses(TENANT, TICKS)
    assert (list(one.groups), len(every.groups)) == ([SHOP], 3)
    assert list(one.values[0]) == list(every.values[list(every.groups).index(SHOP)])


class Counter:
    """A SampleSource that counts the samples it tells."""

    def __init__(self, source: SampleSource) -> None:
        self._source = source
        self.told = 0

    def watch(self, tenant: str, selectors: Sequence[Selector]) -> AsyncGenerator[Samples, None]:
        return self._source.watch(tenant, selectors)

    async def read(
        self, tenant: str, selectors: Sequence[Selector], start: float, end: float, *, newest: bool = False
    ) -> Samples:
        found = await self._source.read(tenant, selectors, start, end, newest=newest)
        self.told += len(found.ids)
        return found


@pytest.mark.parametrize(
    "condition",
    [Absence("heat", (), ("service",), 5.0), StaleHeartbeat()],
    ids=["absence", "heartbeat"],
)
async def test_of_what_came_before_the_first_tick_only_the_newest_is_read(condition: Absence | StaleHeartbeat) -> None:
    samples = Counter(told().sources().samples)
    ticks = np.arange(START + SECONDS / 2, START + 2 * SECONDS)
    [course] = await AgeMeasure(samples, condition).courses(TENANT, ticks)
    last = START + SECONDS - 1
    assert course.values.tolist() == [[float(tick - min(tick - 1, last)) for tick in ticks]] * 3
    assert samples.told == HOSTS * (1 + SECONDS / 2)


def test_of_several_groups_what_they_share_counts() -> None:
    one, other = (("host", "a"), *SHOP), (("host", "b"), *SHOP)
    assert (common([one, other]), common([one]), common([one, ()])) == (SHOP, one, ())
