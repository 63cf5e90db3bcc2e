"""Rules are created, changed, deleted and applied; ready-made ones come again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.alerting.convert.rule_records import rule_payload, rule_recorded
from services.alerting.convert.rules import rule_from
from services.alerting.domain.rules.book import KIND, MOST_RULES, RuleBook
from services.alerting.domain.rules.following import RuleFollowing
from services.alerting.ports.rules import Rule
from services.core.applying import Origin
from services.core.configuration import Configuration
from services.core.errors import Conflict, InvalidInput, NotFound
from services.core.recorded import Forms, Recorded
from services.core.tenants import DEFAULT_TENANT
from tests.support.audit import MemoryLog
from tests.support.clock import ManualClock
from tests.support.rule_examples import message, plain

TENANT = "acme"
CAME, OF_INSTALLATION = "came", "own"


def rule(identity: str, **told: Any) -> Rule:
    return rule_from(message(plain(**{"id": identity, **told})))


def composite(identity: str, *names: str) -> Rule:
    condition = {"composite": {"formula": {"all": list(names)}}}
    return rule(identity, condition=condition, levels=[{"severity": "info"}])


class Tenants:
    def __init__(self) -> None:
        self.known = {DEFAULT_TENANT: ""}
        self.listeners: list[Callable[[], None]] = []

    def zones(self) -> dict[str, str]:
        return dict(self.known)

    def listen(self, listener: Callable[[], None]) -> None:
        self.listeners.append(listener)


class World:
    def __init__(self) -> None:
        self.log = MemoryLog()
        self.configuration = Configuration(self.log, self.log, None, ManualClock())
        recorded = Recorded(self.configuration, KIND, Forms(rule_recorded, rule_payload))
        self.book = RuleBook(recorded, [rule(CAME)], [rule(OF_INSTALLATION)])
        self.tenants = Tenants()
        self.following = RuleFollowing(self.book, self.configuration, self.tenants)


@pytest.fixture
async def world() -> World:
    made = World()
    await made.configuration.read()
    return made


async def test_a_rule_is_created_changed_and_deleted(world: World) -> None:
    made = await world.book.create(TENANT, rule("a"))
    assert (made.origin, made.updated_by, made.version > 0) == (Origin.CALL, "somebody", True)
    changed = await world.book.update(TENANT, replace(made, name="Another"))
    assert (changed.name, changed.version > made.version) == ("Another", True)
    with pytest.raises(Conflict):
        await world.book.update(TENANT, replace(made, name="Too late"))
    await world.book.delete(TENANT, "a")
    with pytest.raises(NotFound):
        world.book.get(TENANT, "a")
    with pytest.raises(NotFound):
        await world.book.delete(TENANT, "a")


async def test_tenants_have_rules_of_their_own(world: World) -> None:
    await world.book.create(TENANT, rule("a"))
    assert set(world.book.of_tenant(TENANT)) == {CAME, "a"}
    assert set(world.book.of_tenant(DEFAULT_TENANT)) == {CAME, OF_INSTALLATION}


async def test_an_id_is_made_of_the_name(world: World) -> None:
    names = [(await world.book.create(TENANT, rule("", name="Error rate > 5 %"))).id for _ in range(2)]
    assert names == ["error-rate-5", "error-rate-5-2"]
    assert (await world.book.create(TENANT, rule("", name="高延迟"))).id == "rule"


async def test_an_id_that_is_taken_is_refused(world: World) -> None:
    with pytest.raises(Conflict):
        await world.book.create(TENANT, rule(CAME))


async def test_a_ready_made_rule_is_changed_and_comes_again(world: World) -> None:
    changed = await world.book.update(TENANT, rule(CAME, enabled=False))
    assert (changed.enabled, changed.origin) == (False, Origin.READY_MADE)
    assert world.book.get(DEFAULT_TENANT, CAME).enabled
    await world.book.delete(TENANT, CAME)
    assert world.book.get(TENANT, CAME).enabled
    await world.book.delete(TENANT, CAME)


async def test_circles_are_refused(world: World) -> None:
    with pytest.raises(InvalidInput):
        await world.book.create(TENANT, composite("a", "a"))
    await world.book.create(TENANT, composite("a", "b", CAME))
    with pytest.raises(InvalidInput):
        await world.book.create(TENANT, composite("b", "a"))
    await world.book.create(TENANT, composite("c", "a"))


async def test_files_are_applied(world: World) -> None:
    first = await world.book.apply(TENANT, [rule("a"), rule("b")], dry_run=False)
    assert ([one.id for one in first.differences], first.unchanged) == (["a", "b"], 0)
    again = await world.book.apply(TENANT, [rule("a"), rule("b")], dry_run=False)
    assert (again.differences, again.unchanged) == ((), 2)
    written = len(world.log.records)
    tried = await world.book.apply(TENANT, [rule("b", name="B"), rule("c")], dry_run=True)
    assert {(one.id, one.before is None, one.after is None) for one in tried.differences} == {
        ("a", False, True),
        ("b", False, False),
        ("c", True, False),
    }
    assert len(world.log.records) == written
    await world.book.apply(TENANT, [rule("b", name="B"), rule("c")], dry_run=False)
    assert set(world.book.of_tenant(TENANT)) == {CAME, "b", "c"}


async def test_files_replace_what_came_and_never_what_a_call_created(world: World) -> None:
    await world.book.apply(TENANT, [rule(CAME, enabled=False)], dry_run=False)
    assert world.book.get(TENANT, CAME).origin is Origin.FILE
    await world.book.apply(TENANT, [], dry_run=False)
    assert world.book.get(TENANT, CAME).origin is Origin.READY_MADE
    await world.book.create(TENANT, rule("mine"))
    with pytest.raises(Conflict):
        await world.book.apply(TENANT, [rule("a"), rule("mine")], dry_run=False)
    assert "a" not in world.book.of_tenant(TENANT)


async def test_files_name_each_rule_once(world: World) -> None:
    with pytest.raises(InvalidInput, match=r"rules\[1\].id"):
        await world.book.apply(TENANT, [rule("a"), rule("a")], dry_run=True)
    with pytest.raises(InvalidInput, match=r"rules\[0\].id"):
        await world.book.apply(TENANT, [replace(rule("a"), id="")], dry_run=True)


async def test_there_is_room_for_so_many(world: World) -> None:
    one = rule("a")
    many = [replace(one, id=f"r{number}") for number in range(MOST_RULES + 1)]
    with pytest.raises(Conflict):
        await world.book.apply(TENANT, many, dry_run=True)
    await world.book.apply(TENANT, many[:-1], dry_run=True)


async def test_who_judges_hears_of_each_change(world: World) -> None:
    told = world.following.follow()
    first = await anext(told)
    assert {tenant: {one.id for one in rules} for tenant, rules in first.items()} == {
        DEFAULT_TENANT: {CAME, OF_INSTALLATION}
    }
    await world.book.create(TENANT, rule("a", active_times=[{"from": "09:00", "to": "17:00"}]))
    assert {one.id for one in (await anext(told))[TENANT]} == {CAME, "a"}
    world.tenants.known = {DEFAULT_TENANT: "", TENANT: "Asia/Tokyo", "new": ""}
    for listener in world.tenants.listeners:
        listener()
    third = await anext(told)
    assert set(third) == {DEFAULT_TENANT, TENANT, "new"}
    [mine] = [one for one in third[TENANT] if one.id == "a"]
    assert mine.active_times[0].zone == "Asia/Tokyo"
