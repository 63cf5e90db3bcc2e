"""Many alerts at once are taken up in parts, so that whoever else has something to do has a turn in between."""

import time
from collections.abc import Iterable

import numpy as np

from services.alerting.domain.book import AlertBook
from services.alerting.domain.judging.composites import CompositeTable
from services.alerting.domain.judging.table import Table
from services.alerting.domain.judging.turns import AT_ONCE, turns
from services.alerting.domain.parts import TOGETHER
from services.alerting.domain.view import AlertView
from services.alerting.ports.alerts import AlertState, Labels, Severity
from services.alerting.ports.judging import Tally
from services.alerting.ports.rules import AllOf, Choice, Composite, Lack, Level, Not, OfRule, Rule
from services.alerting.ports.states import Kept, KeptAlert
from services.runtime.regular_expressions import Texts
from tests.support.alerts import START, alert, rule

COUNT = 3 * TOGETHER + 1
PARTS = 4
TOLD = rule(annotations=(("summary", "{{labels.host}}"),), no_data=Lack(Choice.RESOLVE, 0.0))


def hosts(count: int) -> list[Labels]:
    return [(("host", f"host-{number:05d}"),) for number in range(count)]


def burning(rule: Rule = TOLD, count: int = COUNT) -> AlertBook:
    """A book in which each group of a rule fires."""
    book = AlertBook("default")
    book.set_rules([rule], START)
    places = book.places(rule.id, hosts(count))
    for some in turns(count):
        book.judge(places[some], np.full(len(places[some]), 95.0), START)
    book.take()
    return book


def count(parts: Iterable[None], book: AlertBook) -> list[int]:
    """How many alerts change in each part."""
    found = []
    for _part in parts:
        changes = book.take()
        found.append(len(changes.transitions) + len(changes.told))
    return found


def test_alerts_of_a_rule_that_says_something_else_follow_it_in_parts() -> None:
    book = burning()
    parts = count(book.setting_rules([rule(annotations=(("summary", "other"),))], START + 1), book)
    assert parts == [TOGETHER] * 3 + [1]
    assert {alert.annotations for alert in book.active.values()} == {(("summary", "other"),)}


def test_alerts_of_a_rule_that_is_gone_end_in_parts() -> None:
    book = burning()
    parts = book.setting_rules([], START + 1)
    next(parts)
    # From the first part on nobody takes them for alerts that go on.
    assert not book.active
    ended = book.take().transitions
    for _part in parts:
        ended += book.take().transitions
    assert (len(ended), {one.step.what for one in ended}) == (COUNT, {"resolved"})


def test_alerts_that_are_gone_on_with_are_taken_up_in_parts() -> None:
    alerts = [*burning().active.values()]
    book = AlertBook("default")
    book.set_rules([TOLD], START)
    assert len(list(book.adopting(alerts, (), START))) == PARTS
    assert [*book.active.values()] == alerts


def test_alerts_whose_data_ends_are_judged_in_parts() -> None:
    book = burning()
    table = Table(book, {(): [TOLD.id]})
    nobody = table.indexes([])
    parts = table.judging_rest(nobody, START + 1)
    assert len(list(parts)) == COUNT // AT_ONCE
    assert len(book.take().transitions) == COUNT
    assert not book.active


def test_a_view_is_replaced_in_parts() -> None:
    view = AlertView(Texts)
    kept = [KeptAlert(alert(f"a{number}", AlertState.FIRING, at=number), ()) for number in range(COUNT)]
    assert len(list(view.replacing(Kept(kept)))) == PARTS
    assert len(view) == COUNT
    assert len(list(view.replacing(Kept(kept[:1])))) == PARTS - 1
    assert [*view.alerts()] == [kept[0].alert]


def test_groups_are_counted_and_those_that_fire_are_told_first() -> None:
    book = burning(count=3)
    places = book.places(TOLD.id, [*hosts(3), (("host", "quiet"),)])
    book.judge(places, np.array([np.nan, 95.0, 95.0, 1.0]), START + 1)
    assert book.tally(TOLD.id) == Tally(groups=4, heard=3, pending=0, firing=2)
    told = book.standings(TOLD.id)
    assert [one.state for one in told] == [AlertState.FIRING] * 2 + [AlertState.INACTIVE] * 2
    assert [one.labels for one in book.standings(TOLD.id, most=1)] == [hosts(2)[1]]
    assert [one.labels for one in book.standings(TOLD.id, (("host", "quiet"),))] == [(("host", "quiet"),)]


def test_a_composite_of_many_groups_is_judged_in_a_time_that_grows_with_their_number() -> None:
    count = 10_000
    book = burning(count=count)
    formula = AllOf((OfRule(TOLD.id), Not(OfRule("other"))))
    condition = Composite(formula, by=("host",))
    both = Rule("both", "Both", condition, (Level(Severity.CRITICAL),))
    book.set_rules([TOLD, rule("other"), both], START)
    table = CompositeTable(both, condition, book)
    book.take()
    began = time.thread_time()
    table.judge(START + 1)
    # To look at each alert for each group took 3 seconds.
    assert time.thread_time() - began < 1.5
    assert len(book.take().transitions) == count
