"""The secrets of an installation, made at first start and kept in its data directory; and tokens signed with them."""

import base64
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.launcher.failures import LauncherError
from services.launcher.places import write_private
from services.runtime.signing import ALGORITHM, key_id_of, read_secret, signed

KEY_BYTES = 32
SIGNING = "jwt.key"


@dataclass(frozen=True, slots=True)
class JwtKey:
    """The key tokens are signed with (HS256), its file, and the key set file that the edge verifies them with."""

    secret: bytes
    file: Path
    jwks: Path

    @property
    def key_id(self) -> str:
        return key_id_of(self.secret)


@dataclass(frozen=True, slots=True)
class KnownCallers:
    """What the edge, and the services among themselves, are known by: texts that nobody can guess."""

    edge: str
    peer: str


def _folder(data_dir: Path) -> Path:
    return data_dir / "secrets"


def read_or_make_series_key(data_dir: Path) -> Path:
    """The file that series ids are keyed with: 32 random bytes, never changed."""
    path = _folder(data_dir) / "series.key"
    if not path.exists():
        write_private(path, os.urandom(KEY_BYTES))
    return path


def read_or_make_known_callers(data_dir: Path) -> KnownCallers:
    """The secrets that callers within this installation are known by."""
    return KnownCallers(_read_or_make_text(data_dir, "edge.key"), _read_or_make_text(data_dir, "peer.key"))


def read_or_make_sealing_key(data_dir: Path) -> str:
    """What secrets of receivers are sealed with; never changed."""
    return _read_or_make_text(data_dir, "sealing.key")


def _read_or_make_text(data_dir: Path, name: str) -> str:
    path = _folder(data_dir) / name
    if not path.exists():
        write_private(path, os.urandom(KEY_BYTES).hex().encode())
    return path.read_text().strip()


def read_or_make_jwt_key(data_dir: Path) -> JwtKey:
    """The signing key of this installation, and the key set that it is in beside it."""
    path = _folder(data_dir) / SIGNING
    if not path.exists():
        _write_secret(path, os.urandom(KEY_BYTES))
    key = _read_jwt_key(data_dir)
    _write_key_set(key, [key.secret])
    return key


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key whose tokens hold: its id, when it was made in Unix seconds, and whether it signs now."""

    key_id: str
    made: float
    signs: bool


def held_keys(data_dir: Path) -> Sequence[HeldKey]:
    """The keys whose tokens hold, the newest first."""
    signing = _read_jwt_key(data_dir)
    held = [HeldKey(signing.key_id, signing.file.stat().st_mtime, signs=True)]
    former = [
        HeldKey(key_id_of(read_secret(path)), path.stat().st_mtime, signs=False) for path in _former(signing.file)
    ]
    return [*held, *sorted(former, key=lambda key: -key.made)]


def rotate_jwt_key(data_dir: Path, wait: Callable[[], None]) -> str:
    """Make a new key that signs from now on; its id. What the former ones signed holds on until they are removed.

    `wait` is called while the new one is known and does not sign yet: every edge should have heard of it then.
    """
    former, secret = _read_jwt_key(data_dir), os.urandom(KEY_BYTES)
    kept = former.file.with_name(f"jwt-{former.key_id}.key")
    _write_key_set(former, [secret, former.secret])
    wait()
    # Under a second name: at no time is there no key to sign with.
    kept.hardlink_to(former.file)
    _write_secret(former.file, secret)
    return key_id_of(secret)


def remove_jwt_key(data_dir: Path, key_id: str) -> None:
    """What this former key signed holds no more. Raises LauncherError for one that signs, or is not known."""
    signing = _read_jwt_key(data_dir)
    if key_id == signing.key_id:
        raise LauncherError(f"{key_id} is the key that signs. Make another first: binnacle signing-key rotate.")
    found = [path for path in _former(signing.file) if path.name == f"jwt-{key_id}.key"]
    if not found:
        raise LauncherError(f"There is no former key {key_id}; `binnacle signing-key list` shows them.")
    found[0].unlink()
    _write_key_set(signing, [signing.secret])


def _former(signing: Path) -> Sequence[Path]:
    return sorted(signing.parent.glob("jwt-*.key"))


def _write_secret(path: Path, secret: bytes) -> None:
    write_private(path, base64.urlsafe_b64encode(secret) + b"\n")


def _write_key_set(signing: JwtKey, secrets: Sequence[bytes]) -> None:
    """Write the key set of these, and of the former ones."""
    entries = [_entry(secret) for secret in (*secrets, *map(read_secret, _former(signing.file)))]
    content = json.dumps({"keys": entries}).encode()
    # Whoever follows the file takes every writing for a change.
    if not signing.jwks.exists() or signing.jwks.read_bytes() != content:
        write_private(signing.jwks, content)


def _entry(secret: bytes) -> Mapping[str, str]:
    held = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    return {"kty": "oct", "alg": ALGORITHM, "use": "sig", "kid": key_id_of(secret), "k": held}


def _read_jwt_key(data_dir: Path) -> JwtKey:
    folder = _folder(data_dir)
    try:
        secret = read_secret(folder / SIGNING)
    except FileNotFoundError:
        raise LauncherError(
            f"There is no signing key in {data_dir}. It is made when a suite starts there with --auth jwt; "
            "name the suite's directory with --data-dir."
        ) from None
    except (OSError, ValueError) as error:
        raise LauncherError(f"The signing key {folder / SIGNING} cannot be read: {error}.") from error
    return JwtKey(secret, folder / SIGNING, folder / "jwks.json")


def issue_token(data_dir: Path, tenant: str, roles: Sequence[str], seconds: float, subject: str = "") -> str:
    """A signed token for `tenant`. Raises LauncherError where no suite with authentication ever started."""
    bearer = subject or f"{tenant}/{roles[0] if roles else 'nobody'}"
    now = time.time()
    return signed(_read_jwt_key(data_dir).secret, tenant, roles, bearer, uuid.uuid4().hex, now, now + seconds)


def seconds_of(duration: str) -> float:
    """Seconds in `90s`, `15m`, `12h`, `30d`. Raises LauncherError for anything else."""
    number, unit = duration[:-1], duration[-1:]
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if unit not in units or not number.isdecimal() or int(number) == 0:
        raise LauncherError(f"--ttl {duration} is no duration; write 90s, 15m, 12h or 30d.")
    return float(int(number) * units[unit])
