from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from services.alerting.domain.incidents.grouping import Incidents
from services.alerting.ports.alerts import Alert, AlertState, HeldBack, Resolution, Severity
from services.alerting.ports.calls import Call
from services.alerting.ports.incidents import MOST_ENTRIES, MOST_MEMBERS, IncidentState
from services.alerting.ports.states import News
from tests.support.alerts import START, transition
from tests.support.incidents import World, acknowledged, ends, fires

HALF_HOUR = 1_800.0


def test_an_alert_opens_an_incident_at_once_and_ends_it() -> None:
    world, one = World(), fires("a")
    assert world.happens(one) == ["opened"]
    incident = world.only()
    assert (incident.title, incident.size, incident.active, incident.group) == ("Busy: shop", 1, 1, one.labels)
    assert (incident.state, incident.started_at, incident.members[0].alert_id) == (IncidentState.OPEN, START, "a")
    assert world.happens(ends(one, 20), at=20) == ["resolved"]
    after = world.only()
    assert (after.state, after.active, after.ended_at, after.members[0].until) == (
        IncidentState.RESOLVED,
        0,
        START + 20,
        START + 20,
    )
    assert [entry.what for entry in after.timeline] == ["opened", "resolved"]


def test_what_nobody_is_told_of_is_part_of_none() -> None:
    world, quiet = World(), HeldBack(silenced_by=("s",))
    assert world.happens(fires("a", state=AlertState.PENDING), fires("b", held_back=quiet)) == []
    assert world.heads == {}
    # The silence ends, and the alert goes on.
    assert world.changes(fires("b"), at=60) == ["opened"]


def test_alerts_of_one_batch_know_their_incident() -> None:
    incidents, one = Incidents("default"), fires("a")
    taken = incidents.take_up(News((transition(one), transition(ends(one, 1))), (replace(one, owner="ann"),)), START)
    [incident] = {alert.incident_id for alert in (*(each.alert for each in taken.news.transitions), taken.news.told[0])}
    assert [(each.id, [entry.what for entry in each.timeline]) for each in taken.news.incidents] == [
        (incident, ["opened", "resolved"])
    ]


@pytest.mark.parametrize(
    ("other", "together"),
    [
        (fires("b", "shop", "slow", at=60), True),
        (fires("b", "mail", "busy", at=60), True),
        (fires("b", "payment", "slow", at=60), True),
        (fires("b", "bank", "slow", at=60), True),
        (fires("b", "mail", "slow", at=60), False),
        (fires("b", "shop", "slow", at=700), False),
        (fires("b", "mail", "slow", at=60, labels=(("host", "web-1"), ("service", "mail"))), True),
    ],
    ids=[
        "same service",
        "same rule",
        "called",
        "called by what is called",
        "nothing shared",
        "much later",
        "same host",
    ],
)
def test_alerts_belong_together(other: Alert, together: bool) -> None:
    world = World([Call("shop", "payment", 10, 0), Call("payment", "bank", 10, 0), Call("mail", "smtp", 1, 0)])
    world.happens(fires("a", labels=(("host", "web-1"), ("service", "shop"))))
    at = other.started_at - START
    assert world.happens(other, at=at) == (["grew"] if together else ["opened"])
    assert len(world.heads) == (1 if together else 2)


def test_one_acknowledgement_is_for_all_and_for_who_joins() -> None:
    world, one, two = World(), fires("a"), fires("b", rule_id="slow")
    world.happens(one, two)
    assert world.happens(acknowledged(one, 5), at=5) == []
    assert world.happens(acknowledged(two, 6), at=6) == ["acknowledged"]
    incident = world.only()
    assert (incident.state, incident.timeline[-1].person, incident.timeline[-1].comment) == (
        IncidentState.ACKNOWLEDGED,
        "ann",
        "on it",
    )
    taken = world.incidents.take_up(News((transition(fires("c", rule_id="full")),)), START + 10)
    [grown] = taken.news.incidents
    assert (grown.timeline[-1].what, grown.state) == ("grew", IncidentState.ACKNOWLEDGED)
    assert [(alert.id, alert.acknowledgement) for alert in taken.joined] == [("c", incident.acknowledgement)]
    assert "unacknowledged" in world.changes(one, at=60)


def test_whoever_is_on_one_thing_is_not_on_another_that_only_fails_alike() -> None:
    world, one = World([Call("shop", "payment", 10, 0)]), fires("a")
    world.happens(one)
    assert world.happens(acknowledged(one, 5), at=5) == ["acknowledged"]
    # What it calls, and the service itself, are the same thing; another service under the same rule is not.
    assert world.happens(fires("b", "payment", at=10), fires("c", "shop", "slow", at=10), at=10) == ["grew"]
    assert world.happens(fires("d", "mail", at=20), at=20) == ["opened"]
    assert world.happens(fires("e", "cart", at=30), at=30) == ["grew"]
    by_size = {each.size: each for each in world.heads.values()}
    assert (by_size[3].state, by_size[2].state) == (IncidentState.ACKNOWLEDGED, IncidentState.OPEN)
    assert by_size[2].acknowledgement is None


def test_an_acknowledged_incident_that_is_resolved_says_so() -> None:
    world, one = World(), fires("a")
    world.happens(one)
    on_it = acknowledged(one, 5)
    world.happens(on_it, at=5)
    assert world.happens(ends(on_it, 9), at=9) == ["resolved"]
    assert world.only().acknowledgement == on_it.acknowledgement


def test_what_becomes_graver_than_ever_is_told_as_such() -> None:
    world = World()
    warning = fires("a", severity=Severity.WARNING)
    world.happens(warning)
    assert world.happens(replace(warning, severity=Severity.CRITICAL), at=5) == ["grew"]
    assert world.only().worst is Severity.CRITICAL
    assert world.happens(warning, at=9) == ["eased"]
    assert world.happens(replace(warning, severity=Severity.CRITICAL), at=12) == []
    assert world.happens(warning, at=15) == ["eased"]
    assert (world.only().severity, world.only().worst) == (Severity.WARNING, Severity.CRITICAL)


def test_it_says_when_all_that_goes_on_is_held_back() -> None:
    world, one = World(), fires("a")
    world.happens(one)
    world.changes(replace(one, held_back=HeldBack(("s",))), at=5)
    assert world.only().held_back
    world.changes(one, at=9)
    assert not world.only().held_back


def test_what_comes_and_goes_is_told_a_few_times() -> None:
    world = World()
    for second in range(0, 4 * 3600, 2):
        one = fires(f"a{second}", at=second)
        world.happens(one, at=second)
        world.happens(ends(one, second + 1), at=second + 1)
        world.passes(second + 1)
    assert world.told == ["opened", "resolved", "reopened"]
    last = 4 * 3600
    assert world.passes(last + 29) == ["resolved"]
    incident = world.only()
    assert (incident.size, incident.reopened, len(incident.timeline)) == (2 * 3600, 1, 4)


def test_each_time_it_comes_back_it_has_to_be_quiet_for_longer() -> None:
    world, at = World(), 0.0
    for _time in range(30):
        one = fires(f"a{at}", at=at)
        world.happens(one, at=at)
        world.happens(ends(one, at + 1), at=at + 1)
        at += 1 + 120
        world.passes(at)
    assert world.told.count("reopened") <= 4


def test_by_hand_it_is_resolved_at_once() -> None:
    world = World()
    for at in (0, 10):
        one = fires(f"a{at}", at=at)
        world.happens(one, at=at)
        by_hand = replace(ends(one, at + 1), resolution=Resolution("bob", "gone", START + at + 1, START + 900))
        assert world.happens(by_hand, at=at + 1) == ["resolved"]
    assert world.only().timeline[-1].person == "bob"


def came_back(world: World) -> Alert:
    """An alert that has come back, and ended at 3 seconds: its incident waits for half a minute."""
    for at in (0, 2):
        one = fires(f"a{at}", at=at)
        world.happens(one, at=at)
        one = world.incident_of(ends(one, at + 1))
        world.happens(one, at=at + 1)
    return one


def test_whoever_is_on_what_waits_is_on_what_comes_back() -> None:
    world = World()
    assert world.said(acknowledged(came_back(world), 5), at=5) == ["acknowledged"]
    assert world.only().timeline[-1].person == "ann"
    world.happens(fires("b", at=6), at=6)
    assert (world.only().state, world.only().active) == (IncidentState.ACKNOWLEDGED, 1)


def test_what_is_said_of_what_waits_does_not_make_it_wait_for_longer() -> None:
    world = World()
    world.said(acknowledged(came_back(world), 20), at=20)
    assert world.passes(32) == []
    assert world.passes(33) == ["resolved"]


def test_what_waits_can_be_resolved_by_hand() -> None:
    world = World()
    over = replace(came_back(world), resolution=Resolution("bob", "gone", START + 5, START + 900))
    assert world.said(over, at=5) == ["resolved"]
    assert world.only().timeline[-1].person == "bob"
    assert world.said(acknowledged(over, 6), at=6) == []
    assert world.passes(40) == []


def test_what_is_said_of_the_end_of_an_alert_is_nothing_to_those_that_came_back() -> None:
    world = World()
    ended = came_back(world)
    world.happens(fires("b", at=5), at=5)
    assert world.said(acknowledged(ended, 6), at=6) == []
    assert world.only().state is IncidentState.OPEN


def test_what_comes_back_much_later_is_another_incident() -> None:
    world = World()
    world.happens(fires("a"))
    world.happens(ends(fires("a"), 1), at=1)
    world.passes(2 + HALF_HOUR)
    assert world.happens(fires("b"), at=3 + HALF_HOUR) == ["opened"]
    assert len(world.heads) == 2


def test_a_flood_is_one_incident_of_bounded_size() -> None:
    world = World()
    alerts = [fires(f"a{number}", f"service-{number}", at=number / 100) for number in range(10_000)]
    for place in range(0, len(alerts), 500):
        world.happens(*alerts[place : place + 500], at=place / 100)
    for place in range(0, len(alerts), 500):
        world.happens(*(ends(one, 200) for one in alerts[place : place + 500]), at=200)
    incident = world.only()
    assert (incident.size, incident.active, incident.state) == (10_000, 0, IncidentState.RESOLVED)
    assert (len(incident.members), len(incident.timeline)) == (MOST_MEMBERS, 40)
    assert len(incident.timeline) <= MOST_ENTRIES


def test_a_graver_alert_is_shown_however_many_there_are() -> None:
    world = World()
    world.happens(*(fires(f"a{number}", f"s{number}", severity=Severity.WARNING) for number in range(200)))
    world.happens(fires("grave", at=1), at=1)
    assert world.only().members[0].alert_id == "grave"


STEPS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["fire", "end", "say"]), st.integers(0, 120)), max_size=40
)


@given(STEPS, st.integers(0, 40))
def test_after_a_restart_incidents_go_on_where_they_were(steps: list[tuple[int, str, int]], cut: int) -> None:
    """Whether the heads of incidents are left, or the alerts alone, which alerts belong together is the same."""
    world, known, going, at = World(), dict[str, Alert](), dict[int, Alert](), 0.0
    for number, (group, what, seconds) in enumerate(steps):
        at += seconds
        world.passes(at)
        if number == cut:
            again = Incidents("default")
            again.adopt(world.heads.values(), known.values(), START + at)
            world.incidents = again
        one = going.get(group)
        if what == "fire" and one is None:
            one = going[group] = fires(f"a{number}", f"s{group}", f"r{group}", at=at)
        elif what == "end" and one is not None:
            one = ends(going.pop(group), at)
        elif what == "say" and one is not None:
            one = going[group] = acknowledged(one, at)
        else:
            continue
        taken = world.incidents.take_up(News((transition(one),)), START + at)
        world.heads.update((each.id, each) for each in taken.news.incidents)
        known[one.id] = taken.news.transitions[0].alert
        if group in going:
            going[group] = known[one.id]
    for identity, head in world.heads.items():
        theirs = [one for one in known.values() if one.incident_id == identity]
        active = [one for one in theirs if one.ended_at is None]
        assert (head.size, head.active) == (len(theirs), len(active))
        assert head.state is not IncidentState.RESOLVED or not active
        on_it = bool(active) and all(one.acknowledgement for one in active)
        assert (head.state is IncidentState.ACKNOWLEDGED) == on_it or not active


def test_incidents_are_put_together_again_from_their_alerts() -> None:
    world, one, two = World(), fires("a"), fires("b", rule_id="slow", at=3)
    taken = world.incidents.take_up(News((transition(one), transition(acknowledged(two, 9)))), START + 3)
    alerts = [each.alert for each in taken.news.transitions]
    [before] = taken.news.incidents
    again = Incidents("default")
    [after] = again.adopt((), alerts, START + 60)
    assert (after.id, after.size, after.active, after.started_at) == (before.id, 2, 2, START)
    assert {member.alert_id for member in after.members} == {"a", "b"}
    [then] = again.take_up(News((transition(ends(alerts[0], 90)),)), START + 90).news.incidents
    assert [entry.what for entry in then.timeline[-2:]] == ["eased", "acknowledged"]
