"""The installation's secret that series identities are keyed by."""

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from services.core.errors import Unavailable

MIN_BYTES = 16
KEY_BYTES = 32


def load(path: Path) -> bytes:
    """The key in `path`, made at first use. All collectors of an installation share one. Raises Unavailable."""
    try:
        if not path.exists():
            _create(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise Unavailable(f"the series key cannot be read: {error}") from error
    if len(secret) < MIN_BYTES:
        raise Unavailable(f"the series key in {path} is shorter than {MIN_BYTES} bytes")
    return blake2b(secret, digest_size=KEY_BYTES).digest()


def _create(path: Path) -> None:
    """Write a whole key under a name of its own, then link it: of several collectors, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_hex(KEY_BYTES).encode())
        os.fsync(handle)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        os.close(handle)
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
