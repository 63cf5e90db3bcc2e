"""Who is let in."""

from collections.abc import Mapping

import pytest

from services.core.errors import Forbidden, Unauthenticated, Unavailable
from services.runtime.access import Access
from services.runtime.calls import CALLER_KEY, ROLES_KEY, TENANT_KEY
from services.runtime.config import ServiceConfig
from services.runtime.roles import ADMIN, EDITOR, INGESTER, OPEN, PEER, RESPONDER, VIEWER, Role, roles_of, word_of

EDGE, OURS = "e" * 64, "p" * 64
GUARDED = Access(required=True, edge=EDGE, peer=OURS)
ROLES = (OPEN, VIEWER, RESPONDER, EDITOR, ADMIN, INGESTER, PEER)
HELD: Mapping[str, set[Role]] = {
    "": {OPEN},
    "nonsense": {OPEN},
    "viewer": {OPEN, VIEWER},
    "responder": {OPEN, VIEWER, RESPONDER},
    "editor": {OPEN, VIEWER, EDITOR},
    "ingester": {OPEN, INGESTER},
    "viewer,ingester": {OPEN, VIEWER, INGESTER},
    "admin": {OPEN, VIEWER, RESPONDER, EDITOR, ADMIN, INGESTER},
    "peer": {OPEN},
}


def through(caller: str = EDGE, tenant: str = "acme", roles: str = "viewer") -> dict[str, str]:
    return {CALLER_KEY: caller, TENANT_KEY: tenant, ROLES_KEY: roles}


@pytest.mark.parametrize("roles", HELD)
@pytest.mark.parametrize("role", ROLES, ids=word_of)
def test_a_role_opens_what_it_is_for(roles: str, role: Role) -> None:
    refusal = GUARDED.refusal(through(roles=roles), role)
    if role in HELD[roles]:
        assert refusal is None
    else:
        assert isinstance(refusal, Forbidden)
        assert f"the role {word_of(role)}" in str(refusal)


@pytest.mark.parametrize("role", ROLES, ids=word_of)
def test_peers_hold_every_role_and_need_no_tenant(role: Role) -> None:
    assert GUARDED.refusal({CALLER_KEY: OURS}, role) is None


@pytest.mark.parametrize("caller", ["", "x" * 64, EDGE[:-1], EDGE + "e", "ü" * 32, "\udcff" * 64])
@pytest.mark.parametrize("role", ROLES, ids=word_of)
def test_strangers_are_refused_whatever_they_say(caller: str, role: Role) -> None:
    assert isinstance(GUARDED.refusal(through(caller, roles="admin"), role), Unauthenticated)


@pytest.mark.parametrize("tenant", ["", " ", "a b", "../acme", "acme/", "ü", ".acme", "a" * 65, "acme\n", "a,b"])
def test_without_a_tenant_that_there_can_be_nobody_is_let_in(tenant: str) -> None:
    assert isinstance(GUARDED.refusal(through(tenant=tenant, roles="admin"), VIEWER), Unauthenticated)
    assert GUARDED.refusal(through(tenant=tenant), OPEN) is None


@pytest.mark.parametrize("role", ROLES[:-1], ids=word_of)
def test_without_authentication_everybody_holds_every_role(role: Role) -> None:
    assert Access(required=False).refusal({}, role) is None
    known = Access(required=False, edge=EDGE, peer=OURS)
    assert known.refusal({CALLER_KEY: EDGE}, role) is None
    assert isinstance(known.refusal({}, role), Unauthenticated)
    assert isinstance(known.refusal({CALLER_KEY: EDGE}, PEER), Forbidden)


def test_a_guarded_process_that_nobody_could_be_known_by_does_not_start() -> None:
    for told in ({}, {"edge_secret": EDGE}, {"peer_secret": OURS}):
        with pytest.raises(Unavailable, match="BINNACLE_PEER_SECRET"):
            Access.of(ServiceConfig.model_validate({"listen": "unix:/x", "auth": "jwt", **told}))


def test_roles_are_those_of_the_contract() -> None:
    import binnacle.streamer.v1.system_service_pb2  # noqa: F401

    roles = roles_of("binnacle.streamer.v1.SystemService")
    assert roles["/binnacle.streamer.v1.SystemService/GetHealth"] == OPEN
    assert roles["/binnacle.streamer.v1.SystemService/GetConfig"] == ADMIN
