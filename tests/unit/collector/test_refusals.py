"""Refusals are gathered, bounded, and give no secret away."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from services.collector.domain import evidence
from services.collector.domain.columns import EventColumns, LabelledColumns, SeriesDefinition
from services.collector.domain.evidence import Evidence
from services.collector.domain.inspection import Inspection, Refused
from services.collector.domain.refusals import MAX_KINDS, Refusal, RefusalBook, Tally
from services.core.errors import Violation


class Counts:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.of: dict[tuple[str, str], int] = {}

    def refused(self, kind: str, reason: str, count: int) -> None:
        self.of[kind, reason] = self.of.get((kind, reason), 0) + count

    def taken(self, kind: str, accepted: int, rejected: int) -> None:
        raise NotImplementedError

    def redacted(self, kind: str, count: int) -> None:
        raise NotImplementedError

    def repeated(self) -> None:
        raise NotImplementedError


RULE = Refusal.of("rule", "events[3].type", "must be short")


def book(counts: Counts | None = None, at: list[float] | None = None) -> RefusalBook:
    return RefusalBook(lambda: (at or [10.0])[-1], counts or Counts())


def test_alike_refusals_are_one_row_with_first_and_last_time() -> None:
    counts, at = Counts(), [10.0]
    refusals = book(counts, at)
    refusals.note("a", "events", [Tally(RULE, 3, Evidence("shop", "first"))])
    at.append(11.5)
    refusals.note("a", "events", [Tally(Refusal.of("rule", "events[77].type", "must be short"), 4, Evidence("shop"))])
    assert refusals.tenants() == ["a"]
    rows = refusals.take("a")
    assert (rows.kinds, rows.fields, rows.reasons) == (["events"], ["events.type"], ["rule"])
    assert (rows.sources, rows.samples, rows.counts.tolist()) == (["shop"], ["first"], [7])
    assert (rows.first_times_us.tolist(), rows.last_times_us.tolist()) == ([10_000_000], [11_500_000])
    assert counts.of == {("events", "rule"): 7}
    assert refusals.tenants() == []


def test_distinct_rows_are_bounded_and_nothing_is_uncounted() -> None:
    refusals = book()
    for number in range(10 * MAX_KINDS):
        refusals.note("a", "events", [Tally(Refusal.of("rule", f"tags.x{number}", "is bad"), 1)])
    rows = refusals.take("a")
    assert len(rows) == MAX_KINDS + 1
    assert rows.counts.sum() == 10 * MAX_KINDS


def test_what_could_not_be_written_is_taken_again() -> None:
    at = [10.0]
    refusals = book(at=at)
    refusals.note("a", "events", [Tally(RULE, 3, Evidence("shop", "first"))])
    taken = refusals.take("a")
    at.append(12.0)
    refusals.note("a", "events", [Tally(RULE, 1, Evidence("shop", "later"))])
    refusals.give_back("a", taken)
    rows = refusals.take("a")
    assert rows.counts.tolist() == [4]
    assert (rows.first_times_us.tolist(), rows.last_times_us.tolist()) == ([10_000_000], [12_000_000])


@pytest.mark.parametrize("name", ["password", "X-Auth-Token", "client_secret", "Authorization", "api_key", "cookie"])
def test_values_of_secret_labels_are_masked(name: str) -> None:
    told = evidence.of_definition(SeriesDefinition("cpu", ((name, "hunter2"), ("core", "1"))))
    assert "hunter2" not in told.text
    assert 'core="1"' in told.text
    assert told.source == "cpu"


@given(st.text(max_size=500), st.text(max_size=500))
def test_evidence_is_short_and_printable(name: str, value: str) -> None:
    told = evidence.of_definition(SeriesDefinition(name, ((value, name), (name, value))))
    assert len(told.text) <= 100
    assert told.text.isprintable()


def test_an_event_tells_its_type_service_and_time_and_nothing_it_is_about() -> None:
    columns = EventColumns(
        np.array([1_800_000_000_000_000]), ["bad type"], ["shop"], ["u-4711"], ["s-4711"], ['{"x": "u-4711"}']
    )
    told = evidence.of_events(columns)(0)
    assert told == Evidence("shop", 'type "bad type", 2027-01-15T08:00:00.000Z')


def test_an_inspection_counts_every_row_once() -> None:
    found = Inspection(50, lambda row, field: f"events[{row}].{field}")
    found.faults(np.arange(50) < 40, "type", "must be short")
    found.faults(np.arange(50) < 45, "time", "must be now", "clock_skew")
    found.fault(49, "data", "is bad")
    tallies = {
        tally.refusal.reason + tally.refusal.field: tally for tally in found.tallies(lambda row: Evidence(str(row)))
    }
    assert {name: tally.count for name, tally in tallies.items()} == {
        "ruleevents.type": 40,
        "clock_skewevents.time": 5,
        "ruleevents.data": 1,
    }
    assert tallies["clock_skewevents.time"].evidence.source == "40"
    assert found.refused().count == 46


def test_faults_with_words_of_their_own_are_counted_by_their_words() -> None:
    found = Inspection(3_000, lambda row, field: field)
    found.faults_by(np.ones(3_000, np.bool_), lambda row: (f"labels[{row % 2}]", f"rule {row % 2}"))
    tallies = found.tallies(lambda _row: Evidence())
    assert sum(tally.count for tally in tallies) == 3_000
    assert {tally.refusal.description for tally in tallies} == {"rule 0", "rule 1"}


def test_points_that_could_not_be_decoded_are_counted_all() -> None:
    found = Inspection(0, lambda row, field: field)
    undecodable = Refused(30, tuple(Violation(f"events[{n}].type", "is missing") for n in range(10)))
    assert sum(tally.count for tally in found.tallies(lambda _row: Evidence(), undecodable)) == 30


def test_labelled_points_tell_their_series() -> None:
    columns = LabelledColumns(
        [SeriesDefinition("cpu"), SeriesDefinition("ram")], np.array([1]), np.array([0]), np.array([0.0])
    )
    assert evidence.of_labelled(columns)(0) == Evidence("ram", "ram{}")
