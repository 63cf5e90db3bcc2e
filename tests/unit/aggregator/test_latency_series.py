"""Latencies over time are what figures have of the same observations."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from services.aggregator.domain.intake.buckets import bucket_numbers
from services.aggregator.domain.reports.traffic import Latency, TrafficSums
from services.aggregator.domain.series.across import Matrix
from services.aggregator.domain.series.grid import Grid
from services.aggregator.domain.series.question import Grouping, Matching, Selection
from services.aggregator.domain.series.traffic_series import TrafficSeries, traffic_plan
from services.aggregator.ports.time_series import Fold, Function
from services.aggregator.ports.traffic import TrafficQuestion, TrafficRow
from services.core.errors import InvalidInput
from services.runtime.regular_expressions import matches
from tests.support.clock import ManualClock

NAMES = (("cart", "/a"), ("cart", "/b"), ("search", "/"))
MINUTES, MINUTE = 5, 60
GRID = Grid(0, 1_000 * MINUTE, MINUTES)


def row(name: tuple[str, str], start: int, latencies_ms: Sequence[float]) -> TrafficRow:
    numbers, counts = np.unique(bucket_numbers(np.array(latencies_ms)), return_counts=True)
    return TrafficRow(
        *name,
        start,
        2.0 * len(latencies_ms),
        0.0,
        len(latencies_ms),
        sum(latencies_ms),
        start,
        numbers.tolist(),
        counts.tolist(),
    )


class Rows:
    """A store of some rows, one of which says nothing about latency."""

    def __init__(self) -> None:
        rng = random.Random(11)
        self.rows = [
            row(name, start, [round(rng.lognormvariate(3, 1), 2) for _each in range(rng.randint(1, 9))])
            for name in NAMES
            for start in rng.sample(range(MINUTES * MINUTE - MINUTE), 30)
        ]
        rng.shuffle(self.rows)
        self.rows.append(TrafficRow("cart", "/a", 7, 5.0, 1.0, 0.0, 0.0, 7))

    async def traffic(self, tenant: str, question: TrafficQuestion) -> Sequence[TrafficRow]:
        return self.rows

    def figures(self, service: str, minute: int) -> Latency | None:
        sums = TrafficSums()
        for one in self.rows:
            if one.service == service and one.start // MINUTE == minute:
                sums.add(one)
        return sums.observed.latency()


async def asked(function: Function, aggregation: str | None = None, quantile: float = 0.0) -> Matrix:
    grouping = Grouping(aggregation, by=("service",)) if aggregation else None  # type: ignore[arg-type]
    named = (Matching("__name__", "=", "__latency__"),)
    plan = traffic_plan("a", Selection(named, Fold(function, quantile), grouping=grouping), GRID)
    assert plan is not None
    store: Any = Rows()
    return await TrafficSeries(store, ManualClock(), matches).matrix(
        "t", plan, [GRID.part(0, 2), GRID.part(2, MINUTES)]
    )


@pytest.mark.parametrize(
    ("function", "share", "figure"),
    [
        ("average", 0.0, "average_ms"),
        ("quantile", 0.5, "p50_ms"),
        ("quantile", 0.95, "p95_ms"),
        ("quantile", 0.99, "p99_ms"),
    ],
)
async def test_means_and_percentiles_of_services_are_those_of_figures(
    function: Function, share: float, figure: str
) -> None:
    told = await asked(function, "average", share)
    assert [labels["service"] for labels in told.labels] == ["cart", "search"]
    for labels, values in zip(told.labels, told.values, strict=True):
        known = [Rows().figures(labels["service"], minute) for minute in range(MINUTES)]
        expected = [getattr(one, figure) if one else np.nan for one in known]
        assert values == pytest.approx(expected, nan_ok=True)
        assert np.isnan(values[-1])


async def test_the_greatest_of_means_is_that_of_an_endpoint_and_without_a_grouping_each_stands_alone() -> None:
    alone = await asked("average")
    values = {
        tuple(one[name] for name in ("service", "endpoint")): each
        for one, each in zip(alone.labels, alone.values, strict=True)
    }
    assert values.keys() == {*NAMES}
    together = await asked("average", "maximum")
    assert together.values[0] == pytest.approx(np.fmax(*(values[name] for name in NAMES[:2])), nan_ok=True)


async def test_observations_are_counted_and_their_ends_told() -> None:
    counts, sums = await asked("count", "sum"), await asked("sum", "sum")
    least, most = await asked("minimum", "minimum"), await asked("maximum", "maximum")
    seen = [one for one in Rows().rows if one.service == "cart"]
    assert np.nansum(counts.values[0]) == sum(one.latencies for one in seen)
    assert np.nansum(sums.values[0]) == pytest.approx(sum(one.latency_ms for one in seen))
    # As long as a rate looks back.
    rate = await asked("rate", "sum")
    assert rate.values[:, -1] == pytest.approx(np.nansum(counts.values, axis=1) / (MINUTES * MINUTE))
    means = sums.values / counts.values
    assert (least.values <= means).sum() == (means <= most.values).sum() == (~np.isnan(means)).sum()


async def test_what_latency_has_not_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="of __latency__ there is average"):
        await asked("distinct")
