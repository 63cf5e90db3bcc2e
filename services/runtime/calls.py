"""Who a call is for, from the edge through every hop."""

import json
import re
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from services.core.errors import Unauthenticated
from services.core.tenants import DEFAULT_TENANT

TENANT_KEY = "x-binnacle-tenant"
ROLES_KEY = "x-binnacle-roles"
EXPIRES_KEY = "x-binnacle-expires"
SUBJECT_KEY = "x-binnacle-subject"
CREDENTIAL_KEY = "x-binnacle-key"
CALLER_KEY = "x-binnacle-caller"
REQUEST_ID_KEY = "x-request-id"
# On what nobody waits for; only processes of the suite say it.
ASIDE_KEY = "x-binnacle-aside"

# What metadata, logs and records have room for. Of what is longer, or no plain text, no record could be written.
LONGEST_WORD = 200
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_PLAIN = re.compile(rf"[ -~]{{1,{LONGEST_WORD}}}")

# Who signs tokens, and whom they are for.
ISSUER = AUDIENCE = "binnacle"

Told = Mapping[str, Any]
"""What came with a call by name: metadata of gRPC, headers of HTTP."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: tenant and roles from the credential, the id that follows it, its deadline.

    `deadline` is in seconds of the event loop's clock; None when the caller waits for ever. `expires` is when the
    credential does, in unix seconds; None where there is none. `subject` is who bears the credential, `key` its id:
    empty where it names none.
    """

    tenant: str
    request_id: str
    roles: tuple[str, ...] = ()
    deadline: float | None = None
    expires: float | None = None
    subject: str = ""
    key: str = ""


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


def plain_word(said: object) -> str:
    """What somebody calls themselves, as it can travel on and be recorded: printable ASCII, what is not as `%C3%BC`."""
    if not isinstance(said, str):
        return ""
    return said if _PLAIN.fullmatch(said) else quote(said, safe=_PRINTABLE, errors="replace")[:LONGEST_WORD]


def _request_id(said: object) -> str:
    return said if isinstance(said, str) and _PLAIN.fullmatch(said) else new_request_id()


def tenant_of(told: Told) -> str:
    """The tenant that a call names; the one of a suite without authentication when it names none."""
    return told.get(TENANT_KEY) or DEFAULT_TENANT


def listed_roles(claim: object) -> tuple[str, ...]:
    """The roles that a claim holds: a list, or a text with commas or spaces between them. Ours are plain words."""
    if isinstance(claim, str):
        claim = claim.replace(",", " ").split()
    listed = claim if isinstance(claim, list) else []
    return tuple(role for role in listed if isinstance(role, str) and _PLAIN.fullmatch(role))


@lru_cache(maxsize=1_024)
def roles_in(text: str) -> tuple[str, ...]:
    """The roles of a header. The edge hands on a list as its JSON in base64."""
    # What `[` becomes; no role begins so.
    if text.startswith("W"):
        with suppress(ValueError):
            return listed_roles(json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4))))
    return listed_roles(text)


def call_from(told: Told, deadline: float | None = None) -> Call:
    """A call by what came with it, which the edge or a process of the suite has set."""
    return Call(
        tenant=tenant_of(told),
        request_id=_request_id(told.get(REQUEST_ID_KEY)),
        roles=roles_in(told.get(ROLES_KEY, "")),
        deadline=deadline,
        expires=_seconds(told.get(EXPIRES_KEY, "")),
        subject=plain_word(told.get(SUBJECT_KEY)),
        key=plain_word(told.get(CREDENTIAL_KEY)),
    )


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def outgoing_metadata(call: Call) -> list[tuple[str, str]]:
    """What travels with a call to the next hop."""
    pairs = [(TENANT_KEY, call.tenant), (REQUEST_ID_KEY, call.request_id)]
    told = ((ROLES_KEY, ",".join(call.roles)), (SUBJECT_KEY, call.subject), (CREDENTIAL_KEY, call.key))
    return pairs + [pair for pair in told if pair[1]]
