import re

from hypothesis import given, settings, strategies as st

from services.alerting.domain.label_index import CHANGED_SHARE
from services.alerting.domain.listing import Listing, Wanted
from services.alerting.domain.view import AlertView
from services.alerting.ports.alerts import Alert, AlertState, HeldBack, Severity
from services.alerting.ports.states import Kept, News
from services.core.matching import Matcher, Operator
from services.runtime.regular_expressions import Texts
from tests.support.alerts import START, alert, kept, transition

AGES = st.lists(st.integers(0, 5), max_size=20)


def alerts_of(ages: list[int]) -> list[Alert]:
    return [alert(f"id{place}", at=-age) for place, age in enumerate(ages)]


def listing_of(*alerts: Alert) -> Listing:
    made = Listing(Texts)
    made.update([], alerts)
    return made


def found(wanted: Wanted, *alerts: Alert) -> list[str]:
    return [each.id for each in listing_of(*alerts).page(wanted, None, 100).alerts]


@given(AGES, st.integers(1, 7))
def test_pages_give_each_alert_once_newest_first(ages: list[int], size: int) -> None:
    alerts = alerts_of(ages)
    listing, listed, after = listing_of(*alerts), list[Alert](), None
    while True:
        page = listing.page(Wanted(), after, size)
        assert page.total == len(alerts)
        listed += page.alerts
        after = page.next
        if after is None:
            break
    assert listed == sorted(alerts, key=lambda one: (-one.started_at, one.id))


@given(AGES, AGES)
def test_newer_alerts_never_shift_a_later_page(ages: list[int], newer: list[int]) -> None:
    alerts = alerts_of(ages)
    listing = listing_of(*alerts)
    first = listing.page(Wanted(), None, 2)
    listing.update([], [alert(f"new{place}", at=1 + age) for place, age in enumerate(newer)])
    rest = listing.page(Wanted(), first.next, 100).alerts if first.next else ()
    assert {each.id for each in (*first.alerts, *rest)} == {each.id for each in alerts}


def test_conditions_of_different_fields_all_hold() -> None:
    one = alert("one", AlertState.FIRING, service="shop", name="Disk is full")
    two = alert("two", AlertState.PENDING, service="mail", severity=Severity.INFO, rule_id="other")
    gone = alert("gone", AlertState.RESOLVED, service="shop", annotations=(("summary", "Look at the DISK"),))
    held = alert("held", AlertState.FIRING, held_back=HeldBack(("s",)))
    every = (one, two, gone, held)
    assert found(Wanted(state=AlertState.FIRING), *every) == ["held", "one"]
    assert found(Wanted(severity=Severity.INFO), *every) == ["two"]
    assert found(Wanted(rule_id="other"), *every) == ["two"]
    assert found(Wanted(service="shop", active=True), *every) == ["held", "one"]
    assert found(Wanted(text="disk"), *every) == ["gone", "one"]
    assert found(Wanted(state=AlertState.FIRING, audible=True), *every) == ["one"]
    assert found(Wanted(fired_since=START + 10), *every) == ["gone", "held", "one"]
    assert found(Wanted(fired_since=START + 11), *every) == ["held", "one"]


def test_conditions_on_labels() -> None:
    every = (alert("one", service="shop"), alert("two", service="mail"), alert("three", labels=()))

    def matching(operator: Operator, value: str) -> list[str]:
        return found(Wanted(matchers=(Matcher("service", operator, value),)), *every)

    assert matching(Operator.EQUAL, "shop") == ["one"]
    assert matching(Operator.NOT_EQUAL, "shop") == ["three", "two"]
    assert matching(Operator.MATCHES, "sh.*|mail") == ["one", "two"]
    assert matching(Operator.NOT_MATCHES, ".+") == ["three"]


VALUES = st.sampled_from(["", "shop", "shelf", "mail", "m\nl", "caffè"])
SOME_LABELS = st.dictionaries(st.sampled_from(["service", "host"]), VALUES, max_size=2)
Changed = list[tuple[int, dict[str, str] | None]]
"""Numbers of alerts, and the labels they have from now on; None: they are gone."""
CHANGES = st.lists(st.tuples(st.integers(0, 50), st.none() | SOME_LABELS), max_size=3)
MANY = 2 * CHANGED_SHARE
"""Alerts of the same labels: so many that of most of them the values stay as they were made ready."""
MATCHERS = st.builds(
    Matcher,
    st.sampled_from(["service", "host", "other"]),
    st.sampled_from(Operator),
    st.sampled_from(["", "shop", "sh.*", ".*l", "m.l|caff.", ".+", "mail"]),
)

PAIRS = st.tuples(MATCHERS, MATCHERS)


def holds(one: Alert, matcher: Matcher) -> bool:
    """Whether a condition holds, in plain Python."""
    value = dict(one.labels).get(matcher.label, "")
    if matcher.operator in {Operator.EQUAL, Operator.NOT_EQUAL}:
        return (value == matcher.value) is (matcher.operator is Operator.EQUAL)
    found = re.fullmatch(matcher.value, value, re.DOTALL) is not None
    return found is (matcher.operator is Operator.MATCHES)


@settings(max_examples=40)
@given(st.lists(SOME_LABELS, min_size=1, max_size=3), st.lists(CHANGES, max_size=4), PAIRS)
def test_conditions_on_labels_find_what_a_look_at_each_alert_finds(
    some: list[dict[str, str]], rounds: list[Changed], matchers: tuple[Matcher, Matcher]
) -> None:
    listing, alerts = Listing(Texts), dict[str, Alert]()

    def take(identity: str, labels: dict[str, str] | None) -> None:
        former = [alerts.pop(identity)] if identity in alerts else []
        if labels is not None:
            alerts[identity] = alert(identity, labels=tuple(sorted(labels.items())))
        listing.update(former, [alerts[identity]] if labels is not None else [])

    first: Changed = list(enumerate(some * MANY))
    for changes in (first, *rounds):
        for number, labels in changes:
            take(f"id{number}", labels)
        for wanted in (matchers[:1], matchers):
            told = listing.page(Wanted(matchers=wanted), None, 1_000).alerts
            expected = [one.id for one in alerts.values() if all(holds(one, matcher) for matcher in wanted)]
            assert [one.id for one in told] == sorted(expected)


def test_a_view_shows_what_happened_and_keeps_no_alert_that_nobody_was_told_of() -> None:
    view = AlertView(Texts)
    pending, firing = alert("a"), alert("a", AlertState.FIRING)
    view.apply(News((transition(pending), transition(alert("b")))))
    view.apply(News((transition(firing), transition(alert("b", AlertState.INACTIVE)))))
    assert [step.what for step in view.get("a").steps] == ["pending", "firing"]
    assert [each.id for each in view.alerts()] == ["a"]
    assert +view.counts() == {(AlertState.FIRING, Severity.CRITICAL): 1}  # type: ignore[operator]
    view.apply(News(forgotten=("a",)))
    assert len(view) == 0


async def test_watchers_hear_of_what_differs_when_everything_is_read_again() -> None:
    view = AlertView(Texts)
    view.apply(News((transition(alert("same")), transition(alert("moves")))))
    with view.watch() as (alerts, reader):
        assert {each.id for each in alerts} == {"same", "moves"}
        view.replace(Kept([kept(alert("same")), kept(alert("moves", AlertState.FIRING)), kept(alert("new"))]))
        assert {(await reader.next()).id, (await reader.next()).id} == {"moves", "new"}


def test_what_ended_a_day_ago_is_not_listed_any_more() -> None:
    view = AlertView(Texts)
    view.replace(Kept([kept(alert("old", AlertState.RESOLVED)), kept(alert("fires", AlertState.FIRING))]))
    assert not view.outdated(START + 20 + 86_400)
    assert view.outdated(START + 21 + 86_400) == News(forgotten=("old",))
