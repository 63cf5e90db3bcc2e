"""The secrets of an installation, made at first start and kept in its data directory; and tokens signed with them."""

import base64
import hashlib
import json
import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.launcher.failures import LauncherError
from services.launcher.places import write_private
from services.runtime.calls import AUDIENCE, ISSUER

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class JwtKey:
    """The key tokens are signed with (HS256), and the key set file that the edge verifies them with."""

    secret: bytes
    jwks: Path

    @property
    def key_id(self) -> str:
        return hashlib.sha256(self.secret).hexdigest()[:16]


def _folder(data_dir: Path) -> Path:
    return data_dir / "secrets"


def read_or_make_series_key(data_dir: Path) -> Path:
    """The file that series ids are keyed with: 32 random bytes, never changed."""
    path = _folder(data_dir) / "series.key"
    if not path.exists():
        write_private(path, os.urandom(KEY_BYTES))
    return path


def read_or_make_jwt_key(data_dir: Path) -> JwtKey:
    """The signing key of this installation, and its key set beside it."""
    path = _folder(data_dir) / "jwt.key"
    if not path.exists():
        write_private(path, base64.urlsafe_b64encode(os.urandom(KEY_BYTES)) + b"\n")
    key = _read_jwt_key(data_dir)
    held = base64.urlsafe_b64encode(key.secret).rstrip(b"=").decode()
    entry = {"kty": "oct", "alg": "HS256", "use": "sig", "kid": key.key_id, "k": held}
    write_private(key.jwks, json.dumps({"keys": [entry]}).encode())
    return key


def _read_jwt_key(data_dir: Path) -> JwtKey:
    folder = _folder(data_dir)
    try:
        secret = base64.urlsafe_b64decode((folder / "jwt.key").read_bytes())
    except FileNotFoundError:
        raise LauncherError(
            f"There is no signing key in {data_dir}. It is made when a suite starts there with --auth jwt; "
            "name the suite's directory with --data-dir."
        ) from None
    except (OSError, ValueError) as error:
        raise LauncherError(f"The signing key {folder / 'jwt.key'} cannot be read: {error}.") from error
    return JwtKey(secret, folder / "jwks.json")


def issue_token(data_dir: Path, tenant: str, roles: Sequence[str], seconds: float, subject: str = "") -> str:
    """A signed token for `tenant`. Raises LauncherError where no suite with authentication ever started.

    `roles` travel as one text, separated by commas: that is how the edge can hand them on in a header.
    """
    import jwt

    key = _read_jwt_key(data_dir)
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject or f"{tenant}/{roles[0] if roles else 'nobody'}",
        "jti": uuid.uuid4().hex,
        "tenant": tenant,
        "roles": ",".join(roles),
        "iat": now,
        "exp": now + int(seconds),
    }
    return jwt.encode(claims, key.secret, algorithm="HS256", headers={"kid": key.key_id})


def seconds_of(duration: str) -> float:
    """Seconds in `90s`, `15m`, `12h`, `30d`. Raises LauncherError for anything else."""
    number, unit = duration[:-1], duration[-1:]
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if unit not in units or not number.isdecimal() or int(number) == 0:
        raise LauncherError(f"--ttl {duration} is no duration; write 90s, 15m, 12h or 30d.")
    return float(int(number) * units[unit])
