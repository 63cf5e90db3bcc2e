"""Who a call is for, from the edge through every hop."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass

from services.core.errors import Unauthenticated
from services.core.tenants import DEFAULT_TENANT

TENANT_KEY = "x-binnacle-tenant"
ROLES_KEY = "x-binnacle-roles"
EXPIRES_KEY = "x-binnacle-expires"
REQUEST_ID_KEY = "x-request-id"

# Who signs tokens, and whom they are for.
ISSUER = AUDIENCE = "binnacle"

Metadata = Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: tenant and roles from the credential, the id that follows it, its deadline.

    `deadline` is in seconds of the event loop's clock; None when the caller waits for ever. `expires` is when the
    credential does, in unix seconds; None where there is none.
    """

    tenant: str
    request_id: str
    roles: tuple[str, ...] = ()
    deadline: float | None = None
    expires: float | None = None


_current: ContextVar[Call | None] = ContextVar("call", default=None)


def current_call() -> Call:
    """The call being handled. Raises Unauthenticated outside of one."""
    call = _current.get()
    if call is None:
        raise Unauthenticated("no call is being handled, so no tenant is known")
    return call


def call_or_none() -> Call | None:
    """The call being handled, or None in background work."""
    return _current.get()


@contextmanager
def handling(call: Call) -> Iterator[None]:
    """Make `call` the current one."""
    token = _current.set(call)
    try:
        yield
    finally:
        # A stream that its caller leaves may be closed from another context, where nothing was set.
        with suppress(ValueError):
            _current.reset(token)


@contextmanager
def acting_for(tenant: str) -> Iterator[None]:
    """Make background work act for `tenant`, with a request id of its own."""
    with handling(Call(tenant, new_request_id())):
        yield


def new_request_id() -> str:
    """A fresh id: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def tenant_from(metadata: Metadata) -> str:
    """The tenant in a call's metadata; the one of a suite without authentication when there is none."""
    return (
        next((value for key, value in metadata if key == TENANT_KEY and isinstance(value, str)), "") or DEFAULT_TENANT
    )


def call_from(metadata: Metadata, deadline: float | None, *, auth_required: bool) -> Call:
    """Read a call from its metadata, which the edge or a peer of the suite has set.

    Raises Unauthenticated when authentication is on and no tenant came with the call.
    """
    values = {key: value for key, value in metadata if isinstance(value, str)}
    tenant = values.get(TENANT_KEY, "")
    if not tenant and auth_required:
        raise Unauthenticated("the call carries no tenant; send a token through the edge")
    return Call(
        tenant=tenant or DEFAULT_TENANT,
        request_id=values.get(REQUEST_ID_KEY) or new_request_id(),
        roles=tuple(role for role in values.get(ROLES_KEY, "").split(",") if role),
        deadline=deadline,
        expires=_seconds(values.get(EXPIRES_KEY, "")),
    )


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def outgoing_metadata(call: Call) -> list[tuple[str, str]]:
    """What travels with a call to the next hop."""
    pairs = [(TENANT_KEY, call.tenant), (REQUEST_ID_KEY, call.request_id)]
    if call.roles:
        pairs.append((ROLES_KEY, ",".join(call.roles)))
    return pairs
