"""Tokens signed with the installation's own key."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from services.runtime.calls import AUDIENCE, ISSUER

ALGORITHM = "HS256"


def read_secret(path: Path) -> bytes:
    """The secret in a key file. Raises OSError, and ValueError for what is none."""
    return base64.urlsafe_b64decode(path.read_bytes())


def key_id_of(secret: bytes) -> str:
    """What a key set and the head of a token name a secret by."""
    return hashlib.sha256(secret).hexdigest()[:16]


def signed(
    secret: bytes, tenant: str, roles: Sequence[str], subject: str, identity: str, issued: float, expires: float
) -> str:
    """A token; times in Unix seconds. Roles travel as one text, so that the edge can hand them on in a header."""
    import jwt

    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "jti": identity,
        "tenant": tenant,
        "roles": ",".join(roles),
        "iat": int(issued),
        "exp": int(expires),
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM, headers={"kid": key_id_of(secret)})
