"""Judging columns: which rows are bad, and what is said of them."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st

from services.collector.domain import rules
from services.collector.domain.columns import EventColumns, HeartbeatColumns, LogColumns, SeriesDefinition
from services.collector.domain.inspection import Inspection, Refused
from services.collector.domain.places import BodyPlaces, ListPlaces
from services.core.errors import Violation

NOW = 1_800_000_000.0
DAY = 86_400
MOMENT = rules.Moment(NOW, DAY)
PLACES = ListPlaces("points")


def times(count: int, offset: float = 0.0) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.full(count, int((NOW + offset) * 1e6), dtype=np.int64)


def events(**columns: list[str]) -> EventColumns:
    count = len(next(iter(columns.values())))
    given = {"types": ["a"] * count, **{name: [""] * count for name in ("services", "user_ids", "session_ids")}}
    return EventColumns(times(count), **{**given, **columns}, data_json=["{}"] * count)


def fields(found: Inspection) -> list[str]:
    return [violation.field for violation in found.refused().first]


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"types": ["a", "a b"]}, "type"),
        ({"types": ["a", "x" * 101]}, "type"),
        ({"types": ["a", "a\n"]}, "type"),
        ({"services": ["x" * 100, "x" * 101]}, "service"),
        ({"user_ids": ["x" * 200, "x" * 201]}, "user_id"),
        ({"session_ids": ["x" * 200, "x" * 201]}, "session_id"),
    ],
)
def test_texts_of_events_have_their_limits(columns: dict[str, list[str]], field: str) -> None:
    found = rules.inspect_events(events(**columns), PLACES, MOMENT)
    assert fields(found) == [f"points[1].{field}"]
    assert found.keep is not None
    assert found.keep.tolist() == [True, False]


@pytest.mark.parametrize(("offset", "good"), [(-DAY + 1, True), (DAY - 1, True), (-DAY - 1, False), (DAY + 1, False)])
def test_times_lie_within_the_clock_skew(offset: float, good: bool) -> None:
    columns = EventColumns(times(1, offset), ["a"], [""], [""], [""], ["{}"])
    found = rules.inspect_events(columns, BodyPlaces("events", [0], single=True), MOMENT)
    assert fields(found) == ([] if good else ["timestamp"])


def test_each_row_is_named_for_its_first_fault_in_order_of_rows() -> None:
    found = rules.inspect_events(events(types=["a", "a", "!"], services=["x" * 101, "", "x" * 101]), PLACES, MOMENT)
    assert fields(found) == ["points[0].service", "points[2].type"]


@given(st.lists(st.sampled_from(["good", "bad!"]), min_size=1, max_size=40))
def test_what_is_kept_is_what_is_good(types: list[str]) -> None:
    columns = events(types=types)
    found = rules.inspect_events(columns, PLACES, MOMENT)
    refused = found.refused(Refused(2, (Violation("x", "y"),)))
    kept = columns if found.keep is None else columns.take(found.keep)
    assert kept.types == [name for name in types if name == "good"]
    assert refused.count == 2 + types.count("bad!")
    assert len(refused.first) == min(10, 1 + types.count("bad!"))


def test_log_lines() -> None:
    levels = np.array([2, 0, 6, 2, 2], dtype=np.uint8)
    messages = ["ok", "a", "b", "", "x" * 16_385]
    columns = LogColumns(times(5), levels, [""] * 5, messages, ["", "", "", "", "zz"], ["{}"] * 5)
    found = rules.inspect_logs(columns, PLACES, MOMENT)
    assert fields(found) == ["points[1].level", "points[2].level", "points[3].message", "points[4].message"]


def test_heartbeats() -> None:
    def figures(*values: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        return np.array(values)

    fine = figures(1, 0, np.nan, 2)
    columns = HeartbeatColumns(
        times(4), ["a", "", "c", "d"], ["ok"] * 4, ["service", "agent", "robot", "agent"], fine, fine, fine,
        figures(0, 0, 0, -1),
    )  # fmt: skip
    found = rules.inspect_heartbeats(columns, PLACES, MOMENT)
    assert fields(found) == ["points[1].service", "points[2].kind", "points[3].metrics.uptime"]


def label(name: str) -> str:
    return f"labels.{name}"


@pytest.mark.parametrize(
    ("definition", "field"),
    [
        (SeriesDefinition("cpu", (("core", "1"),)), None),
        (SeriesDefinition("1cpu"), "name"),
        (SeriesDefinition("x" * 201), "name"),
        (SeriesDefinition("cpu", (("9", "x"),)), "labels.9"),
        (SeriesDefinition("cpu", (("core", "x" * 501),)), "labels.core"),
        (SeriesDefinition("cpu", tuple((f"l{n}", "x") for n in range(33))), "labels."),
        (SeriesDefinition("cpu", kind=4), "kind"),
        (SeriesDefinition("cpu", unit="x" * 31), "unit"),
    ],
)
def test_series_have_their_rules(definition: SeriesDefinition, field: str | None) -> None:
    fault = rules.definition_fault(definition, label)
    assert (fault and fault[0]) == field


@pytest.mark.parametrize("rule", [rules.longest(3), rules.between(3)])
def test_lengths_are_counted_in_characters(rule: Callable[[str], bool]) -> None:
    assert rule("äöü")
    assert not rule("äöüß")
