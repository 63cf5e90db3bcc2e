"""A book of alerts: what is told late, by people, and by a former run; and that columns skip nothing."""

from dataclasses import replace
from typing import cast

import numpy as np
from hypothesis import given, settings, strategies as st

from services.alerting.domain import machine
from services.alerting.domain.book import AlertBook
from services.alerting.domain.machine import Judgement, Subject
from services.alerting.ports.alerts import (
    RESOLVED_BY_HAND,
    Alert,
    AlertStep,
    HeldBack,
    Resolution,
    Severity,
    Transition,
)
from services.alerting.ports.rules import AnomalyScore, Choice, Lack, Level, Rule
from services.alerting.ports.states import GroupMemory
from services.core.questions import Selection
from tests.support.alerts import SHOP, START, acknowledged, book_of, of, rule, states, tell

VALUES = st.sampled_from([50.0, 80.0, 85.0, 90.0, 91.0, 96.0])
RULES = st.builds(
    rule,
    hold=st.sampled_from([0.0, 2.0, 5.0]),
    keep_firing=st.sampled_from([0.0, 3.0]),
    levels=st.sampled_from(
        [
            (Level(Severity.CRITICAL, 90.0, 80.0),),
            (Level(Severity.CRITICAL, 95.0, 90.0), Level(Severity.WARNING, 90.0)),
        ]
    ),
)


def only(book: AlertBook) -> Alert:
    (found,) = book.active.values()
    return found


def resolved(found: Alert, at: float, returns: float) -> Transition:
    said = Resolution("ann", "done", START + at, START + returns)
    step = AlertStep(START + at, RESOLVED_BY_HAND, found.severity, found.value, "ann", "done")
    return Transition(replace(found, resolution=said), step)


def level(of_rule: Rule, before: int, value: float) -> int:
    """The gravest level that holds, by the words of the contract."""
    for place, one in enumerate(of_rule.levels):
        held = 0 <= before <= place
        bar = one.recovery if held and one.recovery is not None else one.threshold
        if bar is not None and value > bar:
            return place
    return -1


@given(RULES, st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=25))
@settings(deadline=None)
def test_what_columns_skip_would_have_changed_nothing(of_rule: Rule, ticks: list[list[float]]) -> None:
    book, alone = book_of(of_rule), cast("dict[str, Alert | None]", dict.fromkeys("abc"))
    levels, expected, seen = dict.fromkeys("abc", -1), list[tuple[object, ...]](), list[tuple[object, ...]]()
    for at, values in enumerate(ticks):
        for name, value in zip("abc", values, strict=True):
            levels[name] = level(of_rule, levels[name], value)
            judgement = Judgement(levels[name], value, START + at)
            former = alone[name]
            after = machine.advance(former, Subject("default", of_rule, of(name)), judgement)
            if after and (not former or (former.state, former.severity) != (after.state, after.severity)):
                expected.append((after.id, after.state, after.severity, START + at))
            alone[name] = None if after and after.state in machine.ENDED else after
        told = tell(book, at, dict(zip("abc", values, strict=True)))
        seen += [(each.alert.id, each.alert.state, each.alert.severity, each.step.at) for each in told]
    assert seen == expected


@given(RULES, st.lists(VALUES, min_size=1, max_size=25), st.integers(0, 24))
@settings(deadline=None)
def test_another_process_goes_on_where_the_former_stood(of_rule: Rule, values: list[float], cut: int) -> None:
    whole, parted = book_of(of_rule), book_of(of_rule)
    expected, seen = list[Transition](), list[Transition]()
    for at, value in enumerate(values):
        if at == cut:
            former, parted = parted, book_of(of_rule)
            parted.adopt(list(former.active.values()), [], START + at)
            assert parted.take().transitions == []
        expected += tell(whole, at, {"shop": value})
        seen += tell(parted, at, {"shop": value})
    # Without an alert nothing is kept of a group: a level that held goes on by its alert alone.
    assert states(seen) == states(expected)
    assert [each.alert for each in seen] == [each.alert for each in expected]


def test_what_is_told_late_is_dropped() -> None:
    book = book_of()
    tell(book, 10, {"shop": 50})
    assert tell(book, 10, {"shop": 91}) == []
    assert tell(book, 9, {"shop": 91}) == []
    assert states(tell(book, 11, {"shop": 91})) == ["firing"]


def test_conditions_that_compare_themselves_say_which_level_holds() -> None:
    score = rule(condition=AnomalyScore(Selection("x")), levels=(Level(Severity.CRITICAL), Level(Severity.INFO)))
    book = book_of(score)
    places = book.places("busy", [of("a"), of("b"), of("c")])
    book.judge(places, np.array([3.0, 2.0, 1.0]), START, np.array([0, 1, -1], np.int8))
    told = [(each.alert.service, each.alert.severity, each.alert.value) for each in book.take().transitions]
    assert told == [("a", Severity.CRITICAL, 3.0), ("b", Severity.INFO, 2.0)]


def test_the_value_seen_last_is_told_of_what_fires() -> None:
    book = book_of()
    tell(book, 0, {"shop": 91})
    tell(book, 1, {"shop": 99})
    assert (only(book).value, book.now(only(book)).value) == (91.0, 99.0)


def summary(found: Alert) -> tuple[float | None, str]:
    """The value of an alert, and what it says of that."""
    return found.value, dict(found.annotations)["summary"]


def test_texts_say_the_value_that_stands_beside_them() -> None:
    book = book_of(rule(keep_firing=5.0, annotations=(("summary", "at {{value}}"),)))
    fired = tell(book, 0, {"shop": 91})
    assert tell(book, 1, {"shop": 99}) == []
    # What happened says what was so then.
    assert [summary(each.alert) for each in fired] == [(91.0, "at 91")]
    assert summary(book.now(only(book))) == (99.0, "at 99")
    book.hold_back({only(book).id: HeldBack(("s1",))})
    assert [summary(each) for each in book.take().told.values()] == [(99.0, "at 99")]
    assert summary(tell(book, 2, {"shop": 70})[0].alert) == (70.0, "at 70")
    tell(book, 3, {"shop": 60})
    assert summary(book.now(only(book))) == (60.0, "at 60")
    assert summary(tell(book, 9, {"shop": 50})[0].alert) == (50.0, "at 50")


def test_what_ends_without_a_judgement_says_the_value_seen_last() -> None:
    texts = (("summary", "at {{value}}"),)
    book = book_of(rule(annotations=texts, no_data=Lack(Choice.RESOLVE, 0.0)), rule("gone", annotations=texts))
    tell(book, 0, {"shop": 91}, "gone")
    tell(book, 0, {"shop": 91, "mail": 91, "cart": 91})
    tell(book, 1, {"shop": 96}, "gone")
    tell(book, 1, {"shop": 97, "mail": 98, "cart": 99})
    by_service = {each.service: each for each in book.active.values() if each.rule_id == "busy"}
    assert book.act(acknowledged(by_service["cart"], 2))
    assert book.act(resolved(by_service["shop"], 2, returns=100))
    ends = [each.alert for each in book.take().transitions]
    ends += [each.alert for each in tell(book, 3, {"cart": 99})]
    book.set_rules([rule(annotations=texts)], START + 4)
    ends += [each.alert for each in book.take().transitions]
    assert [summary(each) for each in ends] == [(99.0, "at 99"), (97.0, "at 97"), (98.0, "at 98"), (96.0, "at 96")]


def test_an_acknowledgement_stays_with_its_alert_until_it_is_over() -> None:
    book = book_of(rule(keep_firing=100.0))
    tell(book, 0, {"shop": 91})
    assert book.act(acknowledged(only(book), 1, until=60))
    assert states(book.take().transitions) == ["acknowledged"]
    (kept_firing,) = tell(book, 2, {"shop": 50})
    assert kept_firing.alert.acknowledgement is not None
    book.pass_time(START + 59)
    assert not book.take()
    book.pass_time(START + 60)
    changes = book.take()
    assert changes.transitions == []
    assert [each.acknowledgement for each in changes.told.values()] == [None]


def test_what_people_say_of_an_alert_that_has_ended_is_nothing() -> None:
    book = book_of()
    tell(book, 0, {"shop": 91})
    ended = only(book)
    tell(book, 1, {"shop": 50})
    assert not book.act(acknowledged(ended, 2))
    assert not book.take()


def test_what_people_say_after_the_end_is_passed_on() -> None:
    book = book_of()
    tell(book, 0, {"shop": 91})
    [ended] = tell(book, 1, {"shop": 50})
    said = acknowledged(ended.alert, 2)
    assert book.act(said)
    assert book.take().transitions == [said]
    assert not book.active


def test_what_was_resolved_by_hand_comes_back_if_it_holds_until_then() -> None:
    book = book_of(rule(hold=10.0))
    tell(book, 0, {"shop": 91})
    tell(book, 10, {"shop": 91})
    first = only(book)
    assert book.act(resolved(first, 20, returns=100))
    (ended,) = book.take().transitions
    assert (ended.step.what, ended.alert.state, ended.alert.ended_at) == ("resolved_by_hand", "resolved", START + 20)
    assert [tell(book, at, {"shop": 99}) for at in (21, 50, 99)] == [[], [], []]
    (again,) = tell(book, 100, {"shop": 91})
    assert (again.step.what, again.alert.id != first.id, again.alert.started_at) == ("firing", True, START + 100)


def test_what_was_resolved_by_hand_begins_as_any_other_once_its_condition_has_ended() -> None:
    book = book_of(rule(hold=10.0))
    tell(book, 0, {"shop": 91})
    tell(book, 10, {"shop": 91})
    book.act(resolved(only(book), 20, returns=1000))
    book.take()
    assert tell(book, 30, {"shop": 50}) == []
    assert states(tell(book, 40, {"shop": 91})) == ["pending"]


def test_quiet_and_lack_go_on_in_another_process() -> None:
    of_rule = rule(no_data=Lack(Choice.ALERT, 60.0))
    book = book_of(of_rule)
    tell(book, 0, {"shop": 91, "mail": 50})
    book.act(resolved(only(book), 1, returns=100))
    memories = book.take().memories
    assert memories[("busy", SHOP)] == GroupMemory("busy", SHOP, quiet_until=START + 100)
    other = book_of(of_rule)
    other.adopt([], [*filter(None, [*memories.values(), GroupMemory("busy", of("mail"), START + 10)])], START + 20)
    other.take()
    assert tell(other, 30, {"shop": 91}) == []
    assert states(tell(other, 70, {"shop": 91})) == ["no_data"]
    assert states(tell(other, 100, {"shop": 91})) == ["firing"]


def test_all_that_groups_have_to_go_on_from_is_given_at_once_and_nothing_of_others() -> None:
    book = book_of(rule(no_data=Lack(Choice.RESOLVE, 60.0)))
    tell(book, 0, {"shop": 91, "mail": 91, "cart": 91, "idle": 50})
    by_service = {each.service: each for each in book.active.values()}
    book.act(resolved(by_service["cart"], 1, returns=100))
    tell(book, 2, {"shop": 91, "cart": 91})
    memories = book.take_memories()
    assert {key: memory for key, memory in memories.items() if memory is not None} == {
        ("busy", of("mail")): GroupMemory("busy", of("mail"), START + 2),
        ("busy", of("cart")): GroupMemory("busy", of("cart"), quiet_until=START + 100),
    }
    assert ("busy", SHOP) not in memories


def test_a_rule_that_asks_the_same_leaves_every_place_as_it_is() -> None:
    book = book_of()
    tell(book, 0, {"shop": 91, "mail": 50})
    generation, places = book.generation, book.known("busy")
    book.set_rules([rule("another"), rule(owner="bob")], START + 1)
    assert (book.generation, book.known("busy").tolist()) == (generation, places.tolist())
    assert states(tell(book, 2, {"shop": 50})) == ["resolved"]


def test_alerts_of_rules_that_are_gone_end() -> None:
    book = book_of(rule("one"), rule("two"), rule("three"))
    for name in ("one", "two", "three"):
        tell(book, 0, {"shop": 91}, name)
    generation = book.generation
    book.set_rules([rule("one"), rule("two", enabled=False)], START + 5)
    told = book.take().transitions
    assert [(each.alert.rule_id, each.step.what, each.step.at) for each in told] == [
        ("two", "resolved", START + 5),
        ("three", "resolved", START + 5),
    ]
    assert book.generation > generation
    assert list(book.rules) == ["one"]
    assert states(tell(book, 6, {"shop": 50}, "one")) == ["resolved"]


def test_a_rule_that_says_other_things_keeps_its_alerts_and_one_that_asks_other_things_does_not() -> None:
    book = book_of(rule(owner="ann"), rule("other"))
    tell(book, 0, {"shop": 91})
    tell(book, 0, {"shop": 91}, "other")
    before = {each.rule_id: each.id for each in book.active.values()}
    asks = rule("other", condition=AnomalyScore(Selection("score")))
    grades = rule(owner="bob", levels=(Level(Severity.WARNING, 70.0),))
    book.set_rules([grades, asks], START + 1)
    changes = book.take()
    assert states(changes.transitions) == ["resolved"]
    assert [(each.id, each.owner) for each in changes.told.values()] == [(before["busy"], "bob")]
    (told,) = tell(book, 2, {"shop": 91})
    assert (told.alert.id, told.alert.severity) == (before["busy"], Severity.WARNING)


def test_alerts_of_a_former_run_whose_rule_is_gone_end() -> None:
    book = book_of()
    tell(book, 0, {"shop": 91})
    other = book_of(rule("other"))
    other.adopt(list(book.active.values()), [], START + 7)
    assert states(other.take().transitions) == ["resolved"]
    assert not other.active


def test_what_holds_an_alert_back_is_told_without_a_step() -> None:
    book = book_of()
    tell(book, 0, {"shop": 91})
    book.hold_back({only(book).id: HeldBack(("s1",)), "nobody": HeldBack(("s1",))})
    changes = book.take()
    assert (changes.transitions, [each.held_back for each in changes.told.values()]) == ([], [HeldBack(("s1",))])


def test_groups_that_are_gone_for_long_are_forgotten() -> None:
    book = book_of()
    tell(book, 0, {f"s{number}": 50 for number in range(10)})
    tell(book, 1, {"s0": 91})
    tell(book, 5000, {"s0": 91})
    book.pass_time(START + 5000)
    assert len(book.known("busy")) == 1
    assert states(tell(book, 5001, {"s0": 50})) == ["resolved"]


def test_ten_thousand_quiet_groups_cost_no_step() -> None:
    book = book_of()
    places = book.places("busy", [of(str(number)) for number in range(10_000)])
    book.judge(places, np.full(len(places), 50.0), START)
    assert not book.take()
    book.judge(places, np.full(len(places), 91.0), START + 1)
    assert len(book.take().transitions) == 10_000
