"""Who is let in: asked by every listener of a process before it handles a call."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from hmac import compare_digest
from typing import Any

from services.core.errors import BinnacleError, Forbidden, Unauthenticated, Unavailable
from services.core.tenants import is_tenant
from services.runtime.calls import CALLER_KEY, CREDENTIAL_KEY, ROLES_KEY, TENANT_KEY, Call, roles_in
from services.runtime.config import ServiceConfig
from services.runtime.roles import HOLDERS, OPEN, PEER, Role, word_of
from services.runtime.standing import End, Standing


class Access:
    """Judges calls by what they carry: who hands them on, and the tenant and roles of their credential.

    `required` where callers need a credential; without it everybody holds every role. `edge` and `peer` are the
    secrets that the edge and the processes of the suite are known by; without that of the edge nobody is asked for one.
    """

    def __init__(self, *, required: bool, edge: str = "", peer: str = "") -> None:
        self.required = required
        self.peer = peer
        self.standing = Standing()
        self._edge = edge.encode()
        self._peer = peer.encode()

    @classmethod
    def of(cls, config: ServiceConfig) -> "Access":
        """As a process is told. Raises Unavailable where callers need a credential and nobody would be known."""
        edge, peer, required = config.edge_secret, config.peer_secret, config.auth != "off"
        if required and not (edge.get_secret_value() and peer.get_secret_value()):
            raise Unavailable("with BINNACLE_AUTH=jwt, BINNACLE_EDGE_SECRET and BINNACLE_PEER_SECRET are needed")
        return cls(required=required, edge=edge.get_secret_value(), peer=peer.get_secret_value())

    def refusal(self, told: Mapping[str, Any], role: Role) -> BinnacleError | None:
        """Why a call with these headers is refused that needs `role`; None when it may be handled."""
        if self._edge:
            # On the way of every call: the edge first, from which most come.
            if not compare_digest(_caller(told), self._edge):
                return self.stranger(told)
            if role == PEER:
                return _lacking(role)
        if role == OPEN or not self.required:
            return None
        tenant = told.get(TENANT_KEY)
        if not tenant:
            return Unauthenticated("the call carries no tenant; send a token through the edge")
        if not is_tenant(tenant):
            return Unauthenticated("the token names no tenant that there can be")
        lacking = self.lack(roles_in(told.get(ROLES_KEY, "")), role)
        return lacking or self.standing.refusal(tenant, told.get(CREDENTIAL_KEY, ""))

    def watched(self, told: Mapping[str, Any], call: Call, end: End) -> AbstractContextManager[None]:
        """Within the block `end` is called with the reason when the credential of a call comes to be refused.

        Never for what a process of the suite asks: it may do so for several.
        """
        return self.standing.watched(call, end) if self.required and not self._is_peer(told) else nullcontext()

    def stranger(self, told: Mapping[str, Any]) -> BinnacleError | None:
        """Why a call is refused that neither the edge nor a process of the suite hands on; None for those that do."""
        if not self._edge or self._is_peer(told) or compare_digest(_caller(told), self._edge):
            return None
        return Unauthenticated("the call came neither through the edge nor from a process of this suite")

    def lack(self, roles: Collection[str], role: Role) -> BinnacleError | None:
        """Why a credential with these roles does not do; None when it does."""
        return _lacking(role) if self.required and HOLDERS[role].isdisjoint(roles) else None

    def _is_peer(self, told: Mapping[str, Any]) -> bool:
        return bool(self._peer) and compare_digest(_caller(told), self._peer)


def _caller(told: Mapping[str, Any]) -> bytes:
    caller: str = told.get(CALLER_KEY, "")
    return caller.encode(errors="surrogateescape")


def _lacking(role: Role) -> Forbidden:
    return Forbidden(f"this needs the role {word_of(role)}")
