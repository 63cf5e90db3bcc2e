"""Signs API keys with the key file of the installation."""

from collections.abc import Sequence
from pathlib import Path

from services.core.errors import Conflict, Unavailable
from services.runtime.signing import read_secret, signed


class TokenSigner:
    """See ports/signing.py. The file is read each time: a key that was rotated holds from then on."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def sign(self, tenant: str, identity: str, roles: Sequence[str], issued: float, expires: float) -> str:
        if self._path is None or not self._path.exists():
            raise Conflict(
                "this installation signs no tokens: it needs --auth jwt, or a file that BINNACLE_SIGNING_KEY_FILE"
                " names; where others sign its tokens, long-lived ones come from them too"
            )
        try:
            secret = read_secret(self._path)
        except (OSError, ValueError) as fault:
            raise Unavailable(f"the signing key cannot be read: {fault}") from fault
        return signed(secret, tenant, roles, f"key/{identity}", identity, issued, expires)
