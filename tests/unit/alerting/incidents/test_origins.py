import random
from collections.abc import Mapping

from services.alerting.domain.incidents.call_graph import CallGraph
from services.alerting.domain.incidents.origins import Complaint, likely_origins
from services.alerting.ports.alerts import Severity
from services.alerting.ports.calls import Call
from tests.support.alerts import START
from tests.support.incidents import World, fires

GRAPHS, RIGHT = 20, 16


def graph_of(*calls: Call) -> CallGraph:
    made = CallGraph()
    made.learn(calls, START)
    return made


def complaints(**since: float) -> Mapping[str, Complaint]:
    return {name: Complaint(Severity.CRITICAL, START + at) for name, at in since.items()}


def test_what_all_depend_on_is_first_though_it_complained_last() -> None:
    graph = graph_of(Call("web", "shop", 9, 4), Call("shop", "payment", 9, 4), Call("web", "payment", 9, 4))
    first, *_ = likely_origins(complaints(web=0, shop=5, payment=9), graph)
    assert first.name == "payment"
    assert "2 of 2 others with alerts depend on it" in first.why
    assert "nothing that it calls has an alert" in first.why


def test_what_has_no_alert_but_fails_is_found() -> None:
    graph = graph_of(Call("shop", "bank", 100, 90), Call("mail", "bank", 10, 9), Call("shop", "mail", 9, 0))
    first, *_ = likely_origins(complaints(shop=0, mail=1), graph)
    assert (first.name, "90 % of the calls to it fail" in first.why) == ("bank", True)


def test_without_calls_the_first_to_complain_is_first() -> None:
    origins = likely_origins(complaints(shop=5, mail=1), CallGraph())
    assert [each.name for each in origins] == ["mail", "shop"]
    assert "first of all" in origins[0].why


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert likely_origins({}, graph_of(Call("a", "b", 1, 1))) == ()


def test_calls_in_a_circle_have_an_origin_too() -> None:
    graph = graph_of(Call("a", "b", 1, 1), Call("b", "a", 1, 1), Call("b", "c", 1, 1))
    assert likely_origins(complaints(a=0, b=0, c=0), graph)[0].name == "c"


def test_calls_that_were_not_seen_for_a_day_are_forgotten() -> None:
    graph = graph_of(Call("a", "b", 1, 0))
    assert graph.related("b") == {"a"}
    graph.learn([Call("a", "c", 1, 0)], START + 86_401)
    assert not graph.related("b")
    assert graph.related("c") == {"a"}


def test_the_origin_of_a_fault_is_named_first_in_most_incidents() -> None:
    """Faults in generated systems, spread from callee to caller with gaps, noise, and alerts in any order."""
    right = sum(_is_first(random.Random(seed)) for seed in range(GRAPHS))
    assert right >= RIGHT, f"{right} of {GRAPHS}"


def _is_first(chance: random.Random) -> bool:
    names = [f"s{number}" for number in range(chance.randint(8, 20))]
    calls = [(names[chance.randrange(place)], name) for place, name in enumerate(names) if place]
    calls += [
        (names[first], names[second])
        for first in range(len(names))
        for second in range(first + 1, len(names))
        if chance.random() < 0.08
    ]
    calls = list(dict.fromkeys(calls))
    origin = names[chance.randrange(len(names) // 2, len(names))]
    ill, edge = {origin}, [origin]
    while edge:
        callee = edge.pop()
        for caller in (one for one, other in calls if other == callee and one not in ill):
            if chance.random() < 0.8:
                ill.add(caller)
                edge.append(caller)
    # Who judges more often fires earlier; some that are ill have no rule, and some that are well complain.
    noise = [name for name in names if name not in ill and chance.random() < 0.05]
    loud = [origin, *(name for name in sorted(ill - {origin}) if chance.random() < 0.9), *noise]
    world = World(
        Call(caller, callee, 100, chance.uniform(10, 90) if callee in ill and caller in ill else chance.uniform(0, 2))
        for caller, callee in calls
    )
    fired = sorted((chance.uniform(0, 60), name) for name in loud)
    for at, name in fired:
        severity = Severity.CRITICAL if name in ill and chance.random() < 0.7 else Severity.WARNING
        world.happens(fires(f"a-{name}", name, f"rule-{name}", at=at, severity=severity), at=at)
    [incident] = [head for head in world.heads.values() if origin in head.services]
    return incident.origins[0].name == origin
