from hypothesis import given, strategies as st

from services.alerting.domain.listing import Listing, Wanted
from services.alerting.domain.view import AlertView
from services.alerting.ports.alerts import Alert, AlertState, HeldBack, Severity
from services.alerting.ports.states import Kept, News
from services.core.matching import Matcher, Operator
from services.runtime.regular_expressions import matches
from tests.support.alerts import START, alert, kept, transition

AGES = st.lists(st.integers(0, 5), max_size=20)


def alerts_of(ages: list[int]) -> list[Alert]:
    return [alert(f"id{place}", at=-age) for place, age in enumerate(ages)]


def listing_of(*alerts: Alert) -> Listing:
    made = Listing(matches)
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


def test_a_view_shows_what_happened_and_keeps_no_alert_that_nobody_was_told_of() -> None:
    view = AlertView(matches)
    pending, firing = alert("a"), alert("a", AlertState.FIRING)
    view.apply(News((transition(pending), transition(alert("b")))))
    view.apply(News((transition(firing), transition(alert("b", AlertState.INACTIVE)))))
    assert [step.what for step in view.get("a").steps] == ["pending", "firing"]
    assert [each.id for each in view.alerts()] == ["a"]
    assert +view.counts() == {(AlertState.FIRING, Severity.CRITICAL): 1}  # type: ignore[operator]
    view.apply(News(forgotten=("a",)))
    assert len(view) == 0


async def test_watchers_hear_of_what_differs_when_everything_is_read_again() -> None:
    view = AlertView(matches)
    view.apply(News((transition(alert("same")), transition(alert("moves")))))
    with view.watch() as (alerts, reader):
        assert {each.id for each in alerts} == {"same", "moves"}
        view.replace(Kept([kept(alert("same")), kept(alert("moves", AlertState.FIRING)), kept(alert("new"))]))
        assert {(await reader.next()).id, (await reader.next()).id} == {"moves", "new"}


def test_what_ended_a_day_ago_is_not_listed_any_more() -> None:
    view = AlertView(matches)
    view.replace(Kept([kept(alert("old", AlertState.RESOLVED)), kept(alert("fires", AlertState.FIRING))]))
    assert not view.outdated(START + 20 + 86_400)
    assert view.outdated(START + 21 + 86_400) == News(forgotten=("old",))
