"""Tokens as an edge may meet them: good, old, foreign."""

import time
from typing import Any

import jwt


def token(key: bytes, **claims: Any) -> str:
    """A token signed with `key`; good unless a claim is given otherwise."""
    now = int(time.time())
    good = {"iss": "binnacle", "aud": "binnacle", "tenant": "acme", "roles": "viewer,editor", "exp": now + 60}
    held = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(held, key, algorithm="HS256")


def bearer(key: bytes, **claims: Any) -> dict[str, str]:
    """The header that carries such a token."""
    return {"authorization": f"Bearer {token(key, **claims)}"}
