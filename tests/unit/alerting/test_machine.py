"""The life of one group, by a rule that is bad above 90 and good again from 80 on."""

from dataclasses import replace

import pytest

from services.alerting.domain.texts import filled
from services.alerting.ports.alerts import Severity
from services.alerting.ports.rules import ActiveTime, Choice, Comparison, Lack, Level
from tests.support.alerts import SHOP, START, alert, book_of, rule, states, tell

HELD = rule(hold=10.0)
KEEPING = rule(keep_firing=30.0)
GRADED = rule(levels=(Level(Severity.CRITICAL, 95.0, 94.0), Level(Severity.WARNING, 90.0, 80.0)))


def test_a_condition_that_holds_long_enough_fires_and_ends() -> None:
    book = book_of(HELD)
    (pending,) = tell(book, 0, {"shop": 91})
    assert tell(book, 9, {"shop": 99}) == []
    (firing,) = tell(book, 10, {"shop": 92})
    (resolved,) = tell(book, 20, {"shop": 80})
    assert states([pending, firing, resolved]) == ["pending", "firing", "resolved"]
    assert {each.alert.id for each in (pending, firing, resolved)} == {pending.alert.id}
    ended = resolved.alert
    assert (ended.started_at, ended.fired_at, ended.ended_at) == (START, START + 10, START + 20)
    assert (ended.service, ended.group, ended.threshold) == ("shop", SHOP, 90.0)


def test_a_condition_that_ends_before_is_inactive_and_begins_anew() -> None:
    book = book_of(HELD)
    tell(book, 0, {"shop": 91})
    assert states(tell(book, 5, {"shop": 50})) == ["inactive"]
    assert states(tell(book, 6, {"shop": 91})) == ["pending"]
    assert tell(book, 12, {"shop": 91}) == []
    assert states(tell(book, 16, {"shop": 91})) == ["firing"]


def test_without_a_hold_it_fires_at_once() -> None:
    assert states(tell(book_of(), 0, {"shop": 91})) == ["firing"]


def test_between_threshold_and_recovery_things_stay_as_they_are() -> None:
    book = book_of()
    assert tell(book, 0, {"shop": 85}) == []
    tell(book, 1, {"shop": 91})
    assert tell(book, 2, {"shop": 85}) == []
    assert states(tell(book, 3, {"shop": 80})) == ["resolved"]
    assert tell(book, 4, {"shop": 85}) == []


@pytest.mark.parametrize(
    ("comparison", "good", "bad"),
    [
        (Comparison.ABOVE, 90.0, 90.000001),
        (Comparison.AT_LEAST, 89.999999, 90.0),
        (Comparison.BELOW, 90.0, 89.999999),
        (Comparison.AT_MOST, 90.000001, 90.0),
    ],
)
def test_each_comparison_has_its_bad_side(comparison: Comparison, good: float, bad: float) -> None:
    book = book_of(rule(comparison=comparison, levels=(Level(Severity.INFO, 90.0),)))
    assert tell(book, 0, {"shop": good}) == []
    assert states(tell(book, 1, {"shop": bad})) == ["firing"]
    assert states(tell(book, 2, {"shop": good})) == ["resolved"]


def test_what_comes_and_goes_is_one_alert_while_it_is_kept_firing() -> None:
    book = book_of(KEEPING)
    seen = [
        *tell(book, 0, {"shop": 91}),
        *tell(book, 10, {"shop": 50}),
        *tell(book, 39, {"shop": 91}),
        *tell(book, 40, {"shop": 50}),
        *tell(book, 69, {"shop": 50}),
        *tell(book, 70, {"shop": 50}),
    ]
    assert states(seen) == ["firing", "keep_firing", "firing", "keep_firing", "resolved"]
    assert len({each.alert.id for each in seen}) == 1


def test_the_gravest_level_counts_and_each_comes_back_across_its_own_recovery() -> None:
    book = book_of(GRADED)
    seen = [
        *tell(book, 0, {"shop": 91}),
        *tell(book, 1, {"shop": 96}),
        *tell(book, 2, {"shop": 94.5}),
        *tell(book, 3, {"shop": 94}),
        *tell(book, 4, {"shop": 81}),
        *tell(book, 5, {"shop": 80}),
    ]
    grades = [(each.step.what, each.step.severity, each.alert.threshold) for each in seen]
    assert grades == [
        ("firing", Severity.WARNING, 90.0),
        ("firing", Severity.CRITICAL, 95.0),
        ("firing", Severity.WARNING, 90.0),
        ("resolved", Severity.WARNING, 90.0),
    ]


def test_groups_live_on_their_own() -> None:
    book = book_of(HELD)
    assert states(tell(book, 0, {"shop": 91, "mail": 10})) == ["pending"]
    assert states(tell(book, 10, {"shop": 91, "mail": 91})) == ["firing", "pending"]


@pytest.mark.parametrize(
    ("choice", "after", "then"),
    [
        (Choice.KEEP, [], ["resolved"]),
        (Choice.RESOLVE, ["resolved"], []),
        (Choice.ALERT, ["no_data"], ["resolved"]),
    ],
)
def test_what_fires_without_data_does_as_the_rule_says(choice: Choice, after: list[str], then: list[str]) -> None:
    book = book_of(rule(no_data=Lack(choice, 60.0)))
    tell(book, 0, {"shop": 91})
    assert tell(book, 10, {}) == []
    assert tell(book, 69, {}) == []
    assert states(tell(book, 70, {})) == after
    assert tell(book, 500, {}) == []
    assert states(tell(book, 510, {"shop": 50})) == then


def test_a_group_that_never_fired_is_told_of_when_its_data_ends_if_the_rule_wants_it() -> None:
    book = book_of(rule(no_data=Lack(Choice.ALERT, 60.0)))
    tell(book, 0, {"shop": 50})
    tell(book, 10, {})
    (told,) = tell(book, 70, {})
    assert (told.step.what, told.alert.value, told.alert.severity) == ("no_data", 50.0, Severity.CRITICAL)
    assert states(tell(book, 80, {"shop": 91})) == ["firing"]


def test_what_is_pending_ends_when_it_is_not_known_any_more_whether_it_holds() -> None:
    book = book_of(rule(hold=300.0, no_data=Lack(Choice.KEEP, 60.0)))
    tell(book, 0, {"shop": 91})
    tell(book, 10, {})
    assert states(tell(book, 70, {})) == ["inactive"]


def test_a_rule_that_cannot_be_judged_says_so_beside_what_it_said_before() -> None:
    book = book_of(rule(failure=Lack(Choice.ALERT, 60.0)))
    tell(book, 0, {"shop": 91})
    book.failed(["busy"], START + 10)
    book.failed(["busy"], START + 69)
    assert book.take().transitions == []
    book.failed(["busy"], START + 70)
    (told,) = book.take().transitions
    assert (told.step.what, told.alert.group, told.alert.value) == ("error", (), None)
    book.failed(["busy"], START + 80)
    assert len(book.active) == 2
    book.answered(["busy"], START + 90)
    assert states(book.take().transitions) == ["resolved"]
    assert [each.state for each in book.active.values()] == ["firing"]


def test_a_rule_that_cannot_be_judged_may_resolve_what_it_said() -> None:
    book = book_of(rule(failure=Lack(Choice.RESOLVE, 60.0)))
    tell(book, 0, {"shop": 91})
    book.failed(["busy"], START + 10)
    book.failed(["busy"], START + 70)
    assert states(book.take().transitions) == ["resolved"]
    assert states(tell(book, 80, {"shop": 91})) == ["firing"]


def test_outside_of_its_active_times_a_rule_has_no_alerts() -> None:
    # START is a Friday, 08:00 UTC.
    office = ActiveTime(weekdays=(5,), since=9 * 60, until=10 * 60, zone="Europe/Berlin")
    book = book_of(rule(active_times=(office,)))
    assert states(tell(book, 0, {"shop": 91})) == ["firing"]
    assert states(tell(book, 3600, {"shop": 91})) == ["resolved"]
    assert tell(book, 7200, {"shop": 91}) == []
    assert states(tell(book, 7 * 86400, {"shop": 91})) == ["firing"]


def test_a_time_over_midnight_belongs_to_the_day_it_began_on() -> None:
    night = ActiveTime(weekdays=(5,), since=22 * 60, until=6 * 60)
    book = book_of(rule(active_times=(night,)))
    seen = [states(tell(book, hours * 3600, {"shop": 91})) for hours in (0, 13, 14, 21, 22)]
    assert seen == [[], [], ["firing"], [], ["resolved"]]


def test_annotations_are_filled_in() -> None:
    texts = (
        ("summary", "{{labels.service}} at {{ value }} of {{threshold}} ({{severity}}, {{rule}}){{labels.host}}{{x}}"),
    )
    busy = rule(labels=(("team", "core"),), annotations=texts)
    (told,) = tell(book_of(busy), 0, {"shop": 91.25})
    assert told.alert.annotations == (("summary", "shop at 91.2 of 90 (critical, Busy){{x}}"),)
    assert told.alert.labels == (("service", "shop"), ("team", "core"))
    assert filled(replace(busy, annotations=(("v", "{{value}}"),)), alert(value=None)) == (("v", ""),)
