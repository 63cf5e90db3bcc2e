"""What is made of answers: shares, changes, burn rates, groups with too few samples."""

import numpy as np
import pytest

from services.alerting.domain.judging.askings import Course, asking_of
from services.alerting.ports.alerts import Severity
from services.alerting.ports.rules import BurnRate, BurnWindow, Change, Condition, Level, Ratio, Rule, Threshold
from services.alerting.ports.sources import Matrix
from services.core.questions import Expression, Grouping, Selection

A, B = (("host", "a"),), (("host", "b"),)
HEAT = Selection("heat", (), "sum", grouping=Grouping("sum", by=("host",)))
COLD = Selection("cold", (), "sum", grouping=Grouping("sum", by=("host",)))


def rule(condition: Condition, points: int = 1) -> Rule:
    return Rule("r", "r", condition, (Level(Severity.WARNING, 1.0),), minimum_points=points)


def matrix(**hosts: float) -> Matrix:
    return Matrix([(("host", host),) for host in hosts], np.array([[value] for value in hosts.values()]).reshape(-1, 1))


def made(condition: Condition, *results: Matrix, points: int = 1) -> Course:
    asking = asking_of(rule(condition, points))
    assert asking is not None
    assert len([one for one in asking.expressions if not one.hidden]) == len(results)
    return asking.course(results)


def values(course: Course) -> dict[str, float]:
    return {group[0][1]: float(value[0]) for group, value in zip(course.groups, course.values, strict=True)}


def test_a_share_is_of_the_whole_and_nothing_where_its_part_is_not_there() -> None:
    found = values(made(Ratio(HEAT, COLD, 10.0), matrix(a=1.0, c=5.0), matrix(a=20.0, b=20.0, c=9.0, d=0.0)))
    assert found["a"] == 5.0
    assert found["b"] == 0.0
    assert np.isnan(found["c"])
    assert np.isnan(found["d"])


def test_a_change_is_told_in_its_unit_or_in_percent() -> None:
    now, before = matrix(a=6.0, b=1.0, c=1.0), matrix(a=4.0, b=0.0)
    found = values(made(Change(HEAT, 60.0), now, before))
    assert (found["a"], found["b"]) == (2.0, 1.0)
    assert np.isnan(found["c"])
    found = values(made(Change(HEAT, 60.0, percent=True), now, before))
    assert found["a"] == 50.0
    assert np.isnan(found["b"])


def test_the_former_value_is_looked_for_before_the_offset_of_the_selection() -> None:
    asking = asking_of(rule(Change(Selection("heat", offset=5.0), 60.0)))
    assert asking is not None
    assert [one.source.offset for one in asking.expressions if isinstance(one.source, Selection)] == [5.0, 65.0]


BURN = BurnRate(
    HEAT, COLD, 0.99, (BurnWindow(Severity.CRITICAL, 3600, 300, 10.0), BurnWindow(Severity.WARNING, 7200, 300, 2.0))
)


@pytest.mark.parametrize(
    ("bad", "level", "value"),
    [
        ((20.0, 20.0, 20.0), 0, 20.0),
        ((20.0, 5.0, 5.0), 1, 5.0),
        ((1.0, 20.0, 20.0), -1, 1.0),
        ((20.0, 1.0, 1.0), -1, 1.0),
    ],
)
def test_a_budget_burns_too_fast_where_both_windows_say_so(
    bad: tuple[float, float, float], level: int, value: float
) -> None:
    course = made(BURN, *(matrix(a=100.0, b=0.0) for _ in bad), *(matrix(a=one) for one in bad))
    assert course.levels is not None
    assert course.levels[0, 0] == level
    assert course.values[0, 0] == pytest.approx(value)
    # Of nothing no share can be told.
    assert np.isnan(course.values[1, 0])


def test_groups_with_too_few_samples_have_no_data() -> None:
    condition = Threshold((Expression("a", HEAT),))
    found = values(made(condition, matrix(a=1.0, b=2.0, c=3.0), matrix(a=5.0, b=4.0), points=5))
    assert found["a"] == 1.0
    assert np.isnan(found["b"])
    assert np.isnan(found["c"])
