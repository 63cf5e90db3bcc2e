"""Tokens that do not pass the edge's own check, judged as it judges them."""

import json
from collections.abc import Iterator
from pathlib import Path

import jwt

from services.core.errors import Unauthenticated, Unavailable
from services.runtime.calls import AUDIENCE, ISSUER, Call, new_request_id

# As the edge has it.
CLOCK_SKEW_SECONDS = 10


class TokenKeys:
    """A set of keys that tokens are signed with."""

    def __init__(self, keys: jwt.PyJWKSet) -> None:
        self._keys = keys.keys

    @classmethod
    def read(cls, path: Path) -> "TokenKeys":
        """The key set in a file. Raises Unavailable when there is none."""
        try:
            return cls(jwt.PyJWKSet.from_dict(json.loads(path.read_bytes())))
        except (OSError, ValueError, jwt.PyJWTError) as error:
            raise Unavailable(f"the key set {path} cannot be read: {error}") from error

    def call(self, token: str) -> Call:
        """Whose token it is, as a call. Raises Unauthenticated for one that is not valid, or names no tenant."""
        for key in self._candidates(token):
            try:
                claims = _claims(token, key)
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, ValueError) as error:
                raise Unauthenticated(f"the token is not valid: {error}") from error
            return _call(claims)
        raise Unauthenticated("the token is signed with no key that is known here")

    def _candidates(self, token: str) -> Iterator[jwt.PyJWK]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise Unauthenticated("the token cannot be read") from error
        for key in self._keys:
            # Never an algorithm that the token names and its key is not for.
            if header.get("alg") == key.algorithm_name and header.get("kid") in (None, key.key_id):
                yield key


def _claims(token: str, key: jwt.PyJWK) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        audience=AUDIENCE,
        issuer=ISSUER,
        leeway=CLOCK_SKEW_SECONDS,
        options={"require": ["exp"], "verify_iat": False, "verify_sub": False, "verify_jti": False},
    )
    return claims


def _call(claims: dict[str, object]) -> Call:
    tenant, roles, expires = claims.get("tenant"), claims.get("roles"), claims["exp"]
    if not isinstance(tenant, str) or not tenant or not isinstance(expires, int | float):
        raise Unauthenticated("the token names no tenant")
    held = roles.split(",") if isinstance(roles, str) else ()
    return Call(tenant, new_request_id(), tuple(role for role in held if role), expires=float(expires))
