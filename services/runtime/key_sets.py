"""Key sets that tokens are verified with: from a file, which may change, or from an address."""

import asyncio
import json
import ssl
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import jwt

from services.core.clock import Clock
from services.core.errors import Unavailable
from services.runtime.outgoing import outgoing_session

SHARED: Final = frozenset({"HS256"})
IN_PAIRS: Final = frozenset({"RS256", "ES256"})
# As the edge has it.
CACHE_SECONDS: Final = 300.0
ASK_SECONDS: Final = 5.0
# A token that names an unknown key may be signed with one that is new; nobody may have us ask all the time.
PAUSE_SECONDS: Final = 10.0


class FileKeys:
    """The key set in a file, read again when the file is another one."""

    def __init__(self, path: Path, algorithms: Collection[str]) -> None:
        self._path = path
        self._algorithms = algorithms
        self._seen: tuple[int, int] | None = None
        self._keys: Sequence[jwt.PyJWK] = ()
        self._read()

    async def candidates(self, algorithm: str, name: str | None) -> Sequence[jwt.PyJWK]:
        """See Keys."""
        self._read()
        return _matching(self._keys, algorithm, name)

    def _read(self) -> None:
        try:
            state = self._path.stat()
            seen = (state.st_ino, state.st_mtime_ns)
            if seen != self._seen:
                self._keys, self._seen = _keys(self._path.read_bytes(), self._algorithms), seen
        except (OSError, ValueError, jwt.PyJWTError) as error:
            raise Unavailable(f"the key set {self._path} cannot be read: {error}") from error


class RemoteKeys:
    """The key set at an address, which is asked again when the answer is old, or a token names a key that is not in it.

    An answer holds on while the address does not answer. `authorities` vouch for its certificate, else the system's.
    """

    def __init__(self, url: str, clock: Clock, authorities: Path | None = None) -> None:
        self._url = url
        self._clock = clock
        self._trust = ssl.create_default_context(cafile=authorities)
        self._asking = asyncio.Lock()
        self._keys: Sequence[jwt.PyJWK] = ()
        self._asked = -CACHE_SECONDS

    async def candidates(self, algorithm: str, name: str | None) -> Sequence[jwt.PyJWK]:
        """See Keys."""
        if self._is_due(algorithm, name):
            async with self._asking:
                # Whoever was first has asked meanwhile.
                if self._is_due(algorithm, name):
                    await self._ask()
        if not self._keys:
            raise Unavailable(f"the key set {self._url} cannot be read")
        return _matching(self._keys, algorithm, name)

    def _is_due(self, algorithm: str, name: str | None) -> bool:
        lasts = CACHE_SECONDS if _matching(self._keys, algorithm, name) else PAUSE_SECONDS
        return self._clock.monotonic() - self._asked >= lasts

    async def _ask(self) -> None:
        # Whoever set up this suite named the host, wherever it is.
        allowed = [urlsplit(self._url).hostname or ""]
        try:
            async with (
                asyncio.timeout(ASK_SECONDS),
                outgoing_session(allowed) as session,
                session.get(self._url, ssl=self._trust, raise_for_status=True) as answer,
            ):
                self._keys = _keys(await answer.read(), IN_PAIRS)
        except (aiohttp.ClientError, OSError, ValueError, jwt.PyJWTError):
            # What is known holds on; who knows nothing tells so.
            return
        finally:
            self._asked = self._clock.monotonic()


def _keys(content: bytes, algorithms: Collection[str]) -> Sequence[jwt.PyJWK]:
    """Those that are for signing by one of the algorithms. Raises ValueError or PyJWTError for what is no key set."""
    found = jwt.PyJWKSet.from_dict(json.loads(content)).keys
    return [key for key in found if key.algorithm_name in algorithms and key.public_key_use in (None, "sig")]


def _matching(keys: Sequence[jwt.PyJWK], algorithm: str, name: str | None) -> Sequence[jwt.PyJWK]:
    return [key for key in keys if key.algorithm_name == algorithm and (name is None or key.key_id in (None, name))]
