"""Where alerts go."""

from services.alerting.adapters.expressions import expression_matches
from services.alerting.domain.telling.routing import steps, ways
from services.alerting.domain.telling.trying import preview
from services.alerting.ports.notifiers import Escalation, Notifiers, Person, Receiver, Rotation, Route, Step, Webhook
from services.core.matching import Matcher, Operator


def when(label: str, value: str) -> tuple[Matcher, ...]:
    return (Matcher(label, Operator.MATCHES, value),)


ROUTES = (
    Route(when("__severity__", "critical"), ("pager",), goes_on=True),
    Route(
        when("team", "shop|mail"),
        ("chat",),
        "late",
        group_interval=60,
        routes=(
            Route(when("service", "cart"), ("cart-people",)),
            Route(when("service", "quiet"), group_interval=600, repeat_interval=0),
        ),
    ),
    Route(tell=("everybody",)),
)


def told(**labels: str) -> list[tuple[str, ...]]:
    return [way.tell for way in ways(ROUTES, labels, expression_matches)]


def test_the_first_that_matches_is_taken_and_others_where_it_goes_on() -> None:
    assert told(team="shop") == [("chat",)]
    assert told(team="shop", __severity__="critical") == [("pager",), ("chat",)]
    assert told(__severity__="critical") == [("pager",), ("everybody",)]
    assert told() == [("everybody",)]


def test_a_route_within_takes_the_place_of_the_one_around_it_and_says_the_rest_as_that() -> None:
    [cart] = ways(ROUTES, {"team": "shop", "service": "cart"}, expression_matches)
    [quiet] = ways(ROUTES, {"team": "mail", "service": "quiet"}, expression_matches)
    assert (cart.tell, cart.escalation, cart.group_interval) == (("cart-people",), "late", 60)
    assert (quiet.tell, quiet.group_interval) == (("chat",), 600)
    assert (cart.repeat_interval, quiet.repeat_interval) == (4 * 3600, 0)


def test_what_matches_nothing_goes_nowhere() -> None:
    assert list(ways(ROUTES[:2], {"team": "other"}, expression_matches)) == []


def test_an_escalation_begins_again() -> None:
    escalation = Escalation("late", (Step(0, ("a",)), Step(600, ("b",))), repeats=1, repeat_after=300)
    assert list(steps(escalation)) == [(0, ("a",)), (600, ("b",)), (900, ("a",)), (1500, ("b",))]


def test_a_preview_tells_people_by_when_it_is_their_turn() -> None:
    people = (Person("ann", ("ann-mail", "ann-chat")), Person("bob", ("bob-mail",)))
    notifiers = Notifiers(
        receivers=tuple(Receiver(name, Webhook("https://a")) for name in ("chat", "ann-mail", "ann-chat", "bob-mail")),
        rotations=(Rotation("shop", people, "1970-01-01", days=1),),
        escalations=(Escalation("late", (Step(0, ("shop",)), Step(3600, ("shop",))), repeats=3),),
        routes=(Route(tell=("chat",), escalation="late"),),
    )
    found = list(preview(notifiers, dict[str, str](), 86_400 - 60, expression_matches))
    shown: list[tuple[float, str, str]] = [(one.after, one.target.receiver, one.target.person) for one in found]
    assert shown == [(0, "chat", ""), (0, "ann-mail", "ann"), (0, "ann-chat", "ann"), (3600, "bob-mail", "bob")]
