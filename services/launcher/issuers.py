"""Whose tokens the edge lets in: the installation itself, and others that it is told of."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.launcher.failures import LauncherError
from services.launcher.transport import AUTHORITIES, Place
from services.runtime.tokens import Issuer

CACHE_SECONDS = 300
ASK_SECONDS = 5
_PREFIX = "BINNACLE_"


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """One whose tokens hold: its key set is in `file`, or at `place`, whose certificate `authorities` vouch for.

    `inline` is what was read of the file, for an edge that is told of changes; without it the edge reads the file once.
    """

    id: str
    told: Issuer
    file: str = ""
    place: Place | None = None
    authorities: str = AUTHORITIES
    inline: str = ""

    @property
    def keys(self) -> Mapping[str, Any]:
        """Where the edge finds the keys, as it is told."""
        if self.place is None:
            return {"local_jwks": {"inline_string": self.inline} if self.inline else {"filename": self.file}}
        asked = {"uri": self.place.url, "cluster": self.cluster, "timeout": f"{ASK_SECONDS}s"}
        # Asked for at the start, and before an answer is old: no request waits for it.
        return {"remote_jwks": {"http_uri": asked, "cache_duration": f"{CACHE_SECONDS}s", "async_fetch": {}}}

    @property
    def cluster(self) -> str:
        """What the edge calls the place."""
        return f"keys_of_{self.id}"


def own_issuer(key_set: Path | str) -> TokenIssuer:
    """The installation, by the file of its key set."""
    return TokenIssuer("own", Issuer(), str(key_set))


def other_issuers(environment: Mapping[str, str] = os.environ) -> Sequence[TokenIssuer]:
    """The issuer that the environment names, once for its file and once for its address; none where it names none.

    Raises LauncherError for an address that is none, or a file that holds no key set.
    """
    told = Issuer(
        environment.get(f"{_PREFIX}JWT_ISSUER", ""),
        environment.get(f"{_PREFIX}JWT_AUDIENCE", Issuer().audience),
        environment.get(f"{_PREFIX}JWT_TENANT_CLAIM", "") or Issuer().tenant_claim,
        environment.get(f"{_PREFIX}JWT_ROLES_CLAIM", "") or Issuer().roles_claim,
    )
    found = []
    if file := environment.get(f"{_PREFIX}JWKS_FILE"):
        if not is_key_set(Path(file)):
            raise LauncherError(f"BINNACLE_JWKS_FILE: {file} holds no key set.")
        found.append(TokenIssuer("other_file", told, file))
    if url := environment.get(f"{_PREFIX}JWKS_URL"):
        authorities = environment.get(f"{_PREFIX}JWKS_AUTHORITIES", "") or AUTHORITIES
        found.append(TokenIssuer("other_url", told, place=Place.of(url), authorities=authorities))
    return found


def is_key_set(path: Path) -> bool:
    """Whether a file holds keys."""
    try:
        return bool(json.loads(path.read_bytes())["keys"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
