"""Tenants and keys as records make them."""

import json
from dataclasses import replace

import pytest

from services.aggregator.domain.access.keys import Keys
from services.aggregator.domain.access.tenants import Limits, Tenant, TenantChange, Tenants
from services.core.configuration import Configuration
from services.core.errors import Conflict, InvalidInput, NotFound
from tests.support.audit import MemoryLog
from tests.support.clock import ManualClock

YEAR = 365 * 86_400.0


class Signer:
    """Signs with nothing: what is signed can be read."""

    def sign(self, tenant: str, identity: str, roles: object, issued: float, expires: float) -> str:
        return f"signed {tenant} {identity}"


class World:
    def __init__(self) -> None:
        self.clock, self.log = ManualClock(), MemoryLog()
        self.configuration = Configuration(self.log, self.log, None, self.clock)
        self.tenants = Tenants(self.configuration, self.clock)
        self.keys = Keys(self.configuration, Signer(), self.clock)

    @classmethod
    async def ready(cls) -> "World":
        world = cls()
        await world.configuration._look()
        return world


async def test_a_tenant_is_created_changed_and_disabled() -> None:
    world = await World.ready()
    made = await world.tenants.create(Tenant("acme", "Acme", time_zone="Europe/Berlin", limits=Limits(streams=5)))
    assert (made.created_us, made.limits.streams) == (int(world.clock.now() * 1e6), 5)
    renamed = await world.tenants.update("acme", TenantChange(display_name="Acme Ltd", revision=made.revision))
    assert renamed == replace(made, display_name="Acme Ltd", revision=renamed.revision, changed_us=renamed.changed_us)
    assert renamed.revision > made.revision
    assert (await world.tenants.update("acme", TenantChange(disabled=True))).disabled
    assert [record.action for record in world.log.records] == ["create", "update", "disable"]
    assert [tenant.id for tenant in world.tenants.all()] == ["acme", "default"]


async def test_what_is_no_tenant_is_refused() -> None:
    world = await World.ready()
    faulty = Tenant("-x", "a\nb", time_zone="Mars/Base", limits=Limits(points_per_second=-1.0, streams=10**12))
    with pytest.raises(InvalidInput) as refused:
        await world.tenants.create(faulty)
    assert [fault.field for fault in refused.value.violations] == [
        "id", "display_name", "time_zone", "limits.points_per_second", "limits.streams",
    ]  # fmt: skip
    with pytest.raises(Conflict):
        await world.tenants.create(Tenant("default"))
    with pytest.raises(NotFound):
        await world.tenants.update("nobody", TenantChange(disabled=True))
    with pytest.raises(InvalidInput):
        await world.tenants.update("default", TenantChange(disabled=True))
    assert not world.log.records


async def test_a_change_of_another_revision_is_refused() -> None:
    world = await World.ready()
    made = await world.tenants.create(Tenant("acme"))
    await world.tenants.update("acme", TenantChange(time_zone="UTC"))
    with pytest.raises(Conflict):
        await world.tenants.update("acme", TenantChange(time_zone="Asia/Tokyo", revision=made.revision))


async def test_a_key_is_kept_without_the_token() -> None:
    world = await World.ready()
    key, token = await world.keys.create("acme", "ci", ["ingester"], YEAR, "ann")
    assert token == f"signed acme {key.id}"
    assert token not in json.dumps([record.payload for record in world.log.records])
    assert world.keys.of_tenant("acme") == [key]
    assert not world.keys.of_tenant("other")


async def test_a_revoked_key_is_told_until_it_would_have_expired() -> None:
    world = await World.ready()
    key, _token = await world.keys.create("acme", "ci", ["ingester"], YEAR, "ann")
    with pytest.raises(NotFound):
        await world.keys.revoke("other", key.id)
    revoked = await world.keys.revoke("acme", key.id)
    assert await world.keys.revoke("acme", key.id) == revoked
    assert [record.action for record in world.log.records] == ["create", "revoke"]
    assert world.keys.revoked() == [revoked]
    await world.clock.advance(YEAR + 1)
    assert not world.keys.revoked()


async def test_the_use_of_a_key_is_recorded_once_a_day() -> None:
    world = await World.ready()
    key, _token = await world.keys.create("acme", "ci", ["viewer"], YEAR, "ann")
    used = {("acme", key.id), ("acme", "no key of ours"), ("other", key.id)}
    await world.keys._record_use(used)
    await world.keys._record_use(used)
    first = world.keys.last_used_day(key)
    await world.clock.advance(86_400)
    await world.keys._record_use(used)
    assert [record.kind for record in world.log.records] == ["key", "key_use", "key_use"]
    assert "" < first < world.keys.last_used_day(key)


@pytest.mark.parametrize(
    ("name", "roles", "seconds", "field"),
    [
        ("", ["viewer"], YEAR, "name"),
        ("x", [], YEAR, "roles"),
        ("x", ["root"], YEAR, "roles"),
        ("x", ["viewer"], 1, "ttl"),
    ],
)
async def test_what_is_no_key_is_refused(name: str, roles: list[str], seconds: float, field: str) -> None:
    world = await World.ready()
    with pytest.raises(InvalidInput) as refused:
        await world.keys.create("acme", name, roles, seconds, "ann")
    assert [fault.field for fault in refused.value.violations] == [field]
