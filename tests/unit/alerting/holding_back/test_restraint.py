"""Alerts that are held back: by silences, by others; kept up with changes as it would be from scratch."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from services.alerting.convert.silences import (
    inhibition_payload,
    inhibition_recorded,
    silence_payload,
    silence_recorded,
)
from services.alerting.domain.holding_back.restraint import TenantRestraint
from services.alerting.domain.holding_back.silences import INHIBITION, SILENCE, Inhibitions, Silences
from services.alerting.ports.alerts import Alert, AlertState, HeldBack, Severity
from services.alerting.ports.silences import Inhibition, Phase, Silence
from services.core.configuration import Configuration
from services.core.errors import Conflict, InvalidInput, NotFound
from services.core.matching import Matcher, matcher_from
from services.core.recorded import Forms, Recorded
from tests.support.audit import MemoryLog
from tests.support.clock import ManualClock

TENANT = "acme"


class Zones:
    def zones(self) -> dict[str, str]:
        return {}

    def listen(self, listener: object) -> None:
        return


def expressions(expression: str, text: str) -> bool:
    return re.fullmatch(expression, text) is not None


class World:
    def __init__(self) -> None:
        self.clock, self.log = ManualClock(), MemoryLog()
        self.configuration = Configuration(self.log, self.log, None, self.clock)
        silences = Recorded(self.configuration, SILENCE, Forms(silence_recorded, silence_payload))
        inhibitions = Recorded(self.configuration, INHIBITION, Forms(inhibition_recorded, inhibition_payload))
        self.silences = Silences(silences, Zones(), self.clock)
        self.inhibitions = Inhibitions(inhibitions)
        self.restraint = self.fresh()
        self.active: dict[str, Alert] = {}

    def fresh(self) -> TenantRestraint:
        return TenantRestraint(TENANT, self.silences, self.inhibitions, expressions)

    def review(self, *changed: Alert) -> dict[str, HeldBack]:
        """As a book does: take up what changed, then what holds it back."""
        for alert in changed:
            if alert.state in (AlertState.RESOLVED, AlertState.INACTIVE):
                self.active.pop(alert.id, None)
            else:
                former = self.active.get(alert.id, alert)
                self.active[alert.id] = replace(alert, held_back=former.held_back)
        held = self.restraint.review(self.active, changed, self.clock.now())
        for identity, one in held.items():
            self.active[identity] = replace(self.active[identity], held_back=one)
        return dict(held)


@pytest.fixture
async def world() -> World:
    made = World()
    await made.configuration.read()
    return made


def matchers(*texts: str) -> tuple[Matcher, ...]:
    return tuple(matcher_from(text, "matchers") for text in texts)


def silence(*texts: str, end: float | None = None) -> Silence:
    return Silence("", matchers(*texts), "why", False, 0.0, end)


def alert(identity: str, state: AlertState = AlertState.FIRING, **labels: str) -> Alert:
    severity = Severity(labels.pop("severity", "warning"))
    rule_id, told = labels.pop("rule", "r"), tuple(sorted(labels.items()))
    return Alert(
        id=identity,
        rule_id=rule_id,
        name="R",
        severity=severity,
        state=state,
        group=told,
        labels=told,
        started_at=1.0,
        changed_at=1.0,
        value=1.0,
        threshold=0.0,
        fired_at=1.0,
    )


async def test_a_silence_holds_back_what_matches_until_it_ends(world: World) -> None:
    shop, cart = alert("1", service="shop"), alert("2", service="cart")
    assert not world.review(shop, cart)
    made = await world.silences.create(TENANT, silence("service=shop", end=world.clock.now() + 60), "ann")
    assert world.review() == {"1": HeldBack((made.id,))}
    assert not world.review()
    later = alert("3", service="shop")
    assert world.review(later) == {"3": HeldBack((made.id,))}
    await world.clock.advance(60)
    assert world.review() == {"1": HeldBack(), "3": HeldBack()}
    assert world.silences.phase(TENANT, made)[0] is Phase.ENDED


async def test_what_a_former_process_said_is_reviewed(world: World) -> None:
    former = replace(alert("1"), held_back=HeldBack(("gone",), ("2",)))
    world.active["1"] = former
    assert world.review() == {"1": HeldBack()}


async def test_silences_match_rule_severity_and_expressions(world: World) -> None:
    end = world.clock.now() + 60
    await world.silences.create(TENANT, silence("__rule__=~lat.*", "__severity__!=critical", end=end), "ann")
    told = world.review(alert("1", rule="latency"), alert("2", rule="latency", severity="critical"), alert("3"))
    assert set(told) == {"1"}
    assert set(world.review(alert("2", rule="latency"))) == {"2"}


async def test_a_silence_is_ended_once(world: World) -> None:
    made = await world.silences.create(TENANT, silence("a=b", end=world.clock.now() + 60), "ann")
    assert (made.created_by, made.start) == ("ann", world.clock.now())
    assert world.silences.listed(TENANT, [Phase.HOLDING]) == [made]
    ended = await world.silences.end(TENANT, made.id)
    assert await world.silences.end(TENANT, made.id) == ended
    assert world.silences.listed(TENANT, [Phase.ENDED]) == [ended]
    with pytest.raises(Conflict):
        await world.silences.update(TENANT, made)
    with pytest.raises(NotFound):
        await world.silences.end(TENANT, "none")


@pytest.mark.parametrize("end", [None, -1.0, 367 * 86_400.0])
async def test_a_silence_has_an_end_in_time(world: World, end: float | None) -> None:
    with pytest.raises(InvalidInput):
        await world.silences.create(TENANT, silence("a=b", end=None if end is None else world.clock.now() + end), "")


async def test_an_alert_inhibits_others_that_agree_with_it(world: World) -> None:
    rule = Inhibition("critical", matchers("__severity__=critical"), matchers("__severity__=warning"), ("service",))
    await world.inhibitions.set(TENANT, rule)
    down, slow = alert("1", severity="critical", service="shop"), alert("2", service="shop")
    assert world.review(down, slow, alert("3", service="cart")) == {"2": HeldBack((), ("1",))}
    assert world.review(replace(down, state=AlertState.RESOLVED)) == {"2": HeldBack()}
    assert not world.review(replace(down, state=AlertState.PENDING))
    assert world.review(down) == {"2": HeldBack((), ("1",))}
    await world.inhibitions.delete(TENANT, "critical")
    assert world.review() == {"2": HeldBack()}
    with pytest.raises(NotFound):
        await world.inhibitions.delete(TENANT, "critical")


async def test_no_alert_inhibits_itself_nor_one_that_matches_both_sides_another(world: World) -> None:
    await world.inhibitions.set(TENANT, Inhibition("all", matchers("a=b"), matchers("a=~.*")))
    assert world.review(alert("1", a="b"), alert("2", a="b"), alert("3", a="c")) == {"3": HeldBack((), ("1", "2"))}


STATES = st.sampled_from([AlertState.PENDING, AlertState.FIRING, AlertState.KEEP_FIRING, AlertState.RESOLVED])
MOVES = st.lists(
    st.tuples(st.sampled_from("12345"), STATES, st.sampled_from("xy"), st.sampled_from(["warning", "critical"])),
    max_size=30,
)


@settings(max_examples=50)
@given(MOVES)
async def test_kept_up_with_changes_it_is_as_from_scratch(moves: list[tuple[str, AlertState, str, str]]) -> None:
    world = World()
    await world.configuration.read()
    await world.silences.create(TENANT, silence("l=x", end=world.clock.now() + 60), "ann")
    for name, source, target in (("a", "critical", "warning|critical"), ("b", "warning", "critical")):
        await world.inhibitions.set(
            TENANT,
            Inhibition(name, matchers(f"__severity__={source}"), matchers(f"__severity__=~{target}"), ("l",)),
        )
    for identity, state, label, severity in moves:
        world.review(alert(identity, state, l=label, severity=severity))
        bare = {name: replace(one, held_back=HeldBack()) for name, one in world.active.items()}
        scratch = world.fresh().review(bare, (), world.clock.now())
        told = {name: one.held_back for name, one in world.active.items() if one.held_back != HeldBack()}
        assert told == scratch
