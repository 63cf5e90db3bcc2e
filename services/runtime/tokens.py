"""Tokens that do not pass the edge's own check, judged as it judges them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from services.core.errors import Unauthenticated
from services.core.tenants import is_tenant
from services.runtime.calls import AUDIENCE, ISSUER, Call, listed_roles, new_request_id, plain_word

# As the edge has it.
CLOCK_SKEW_SECONDS = 10
LONGEST = 8_192


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens hold: what they say of themselves, and which of their claims say who their bearer is.

    Any issuer, or any audience, will do where it is empty. A claim within others is named with dots.
    """

    name: str = ISSUER
    audience: str = AUDIENCE
    tenant_claim: str = "tenant"
    roles_claim: str = "roles"


class Keys(Protocol):
    """A set of keys that tokens are signed with."""

    async def candidates(self, algorithm: str, name: str | None) -> Sequence[jwt.PyJWK]:
        """The keys for an algorithm, of a name where the token gives one. Raises Unavailable when none are known."""
        ...


class TokenKeys:
    """The issuers whose tokens hold, with their keys."""

    def __init__(self, issuers: Sequence[tuple[Issuer, Keys]]) -> None:
        self._issuers = issuers

    async def call(self, token: str) -> Call:
        """Whose token it is, as a call. Raises Unauthenticated for one that is not valid, or names no tenant."""
        if len(token) > LONGEST:
            raise Unauthenticated(f"the token is longer than {LONGEST:,} characters")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise Unauthenticated("the token cannot be read") from error
        found = Unauthenticated("the token is signed with no key that is known here")
        for issuer, keys in self._issuers:
            # Never an algorithm that the token names and its key is not for.
            for key in await keys.candidates(str(header.get("alg")), header.get("kid") or None):
                try:
                    return _call(_claims(token, key, issuer), issuer)
                except jwt.InvalidSignatureError:
                    continue
                except (jwt.PyJWTError, ValueError) as error:
                    found = Unauthenticated(f"the token is not valid: {error}")
        raise found


def _claims(token: str, key: jwt.PyJWK, issuer: Issuer) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        audience=issuer.audience or None,
        issuer=issuer.name or None,
        leeway=CLOCK_SKEW_SECONDS,
        options={
            "require": ["exp"],
            "verify_aud": bool(issuer.audience),
            "verify_iat": False,
            "verify_sub": False,
            "verify_jti": False,
        },
    )
    return claims


def _call(claims: Mapping[str, Any], issuer: Issuer) -> Call:
    tenant, expires = _named(claims, issuer.tenant_claim), claims["exp"]
    if not isinstance(tenant, str) or not is_tenant(tenant) or not isinstance(expires, int | float):
        raise Unauthenticated("the token names no tenant that there can be")
    return Call(
        tenant,
        new_request_id(),
        listed_roles(_named(claims, issuer.roles_claim)),
        expires=float(expires),
        subject=plain_word(claims.get("sub")),
        key=plain_word(claims.get("jti")),
    )


def _named(claims: Mapping[str, Any], name: str) -> object:
    """A claim by its name; within others by names with dots between."""
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
