"""Who may talk: whoever the edge has let in by a token, or who brings one in the first message."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import WSMsgType, web

from services.core.errors import Overloaded, Unauthenticated
from services.runtime.calls import EXPIRES_KEY, TENANT_KEY, Call, call_from
from services.runtime.tokens import TokenKeys
from services.streamer.convert.introductions import token_in

FIRST_SECONDS: Final = 10.0
MOST_WAITING: Final = 1_000


class Admission:
    """Knows callers; `keys` are needed for tokens in messages, and absent where nobody needs a token."""

    def __init__(self, keys: TokenKeys | None, *, required: bool, seconds: float = FIRST_SECONDS) -> None:
        self._keys = keys
        self._required = required
        self._seconds = seconds
        self._waiting = 0

    def of_headers(self, headers: Mapping[str, str]) -> Call | None:
        """Who the edge says it is; None when it has still to say that itself.

        Raises Unauthenticated where it cannot, Overloaded when too many have still to do it.
        """
        if self._required and self._keys is not None and not headers.get(TENANT_KEY):
            if self._waiting >= MOST_WAITING:
                raise Overloaded("too many connections bring their token later", 1.0)
            return None
        told = [(key, headers.get(key, "")) for key in (TENANT_KEY, EXPIRES_KEY)]
        return call_from(told, None, auth_required=self._required)

    async def of_first_message(self, socket: web.WebSocketResponse) -> tuple[str | bytes, Call]:
        """The first message, and who it says it is. Raises Unauthenticated without a token that is valid, in time."""
        assert self._keys is not None
        self._waiting += 1
        try:
            # The socket's own limit begins anew with every ping of its client.
            async with asyncio.timeout(self._seconds):
                message = await socket.receive()
        except TimeoutError:
            raise Unauthenticated(f"no token within {self._seconds:.0f} s") from None
        finally:
            self._waiting -= 1
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            raise Unauthenticated("no token")
        return message.data, self._keys.call(token_in(message.data))
