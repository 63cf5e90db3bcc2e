"""Who may talk: whoever the edge has let in by a token, or who brings one in the first message."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final

from services.core.errors import NotFound, Overloaded, Unauthenticated
from services.runtime.access import Access
from services.runtime.calls import TENANT_KEY, Call, call_from
from services.runtime.roles import VIEWER
from services.runtime.standing import End
from services.runtime.tokens import TokenKeys
from services.streamer.convert.introductions import token_in
from services.streamer.websocket.wire import Wire

FIRST_SECONDS: Final = 10.0
MOST_WAITING: Final = 1_000


class Admission:
    """Knows callers; `keys` are needed for tokens in messages, and absent where nobody needs a token."""

    def __init__(self, access: Access, keys: TokenKeys | None = None, seconds: float = FIRST_SECONDS) -> None:
        self._access = access
        self._keys = keys
        self._seconds = seconds
        self._waiting = 0

    def of_headers(self, headers: Mapping[str, str]) -> Call | None:
        """Who the edge says it is; None when it has still to say that itself.

        Raises Unauthenticated where it cannot, and for who did not come through the edge, Forbidden for one who may
        not look, Overloaded when too many have still to say it.
        """
        if (stranger := self._access.stranger(headers)) is not None:
            raise stranger
        if self._access.required and self._keys is not None and not headers.get(TENANT_KEY):
            if self._waiting >= MOST_WAITING:
                raise Overloaded("too many connections bring their token later", 1.0)
            return None
        if (refusal := self._access.refusal(headers, VIEWER)) is not None:
            raise refusal
        return call_from(headers)

    def watched(self, call: Call, end: End) -> AbstractContextManager[None]:
        """Within the block `end` is called with the reason when the credential of a caller comes to be refused."""
        return self._access.watched({}, call, end)

    async def of_first_message(self, wire: Wire) -> tuple[str | bytes, Call]:
        """The first message, and who it says it is.

        Raises Unauthenticated without a token that is valid, in time, Forbidden for one who may not look.
        """
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                message = await wire.first()
        except TimeoutError:
            raise Unauthenticated(f"no token within {self._seconds:.0f} s") from None
        finally:
            self._waiting -= 1
        if message is None:
            raise Unauthenticated("no token")
        return message, await self.of_token(token_in(message))

    async def of_token(self, token: str) -> Call:
        """Whose token it is, as the edge would say.

        Raises Unauthenticated for one that is not valid, Forbidden for one who may not look, NotFound where nobody
        needs a token.
        """
        if not self._access.required or self._keys is None:
            raise NotFound("nobody has to sign in here")
        call = await self._keys.call(token)
        lack = self._access.lack(call.roles, VIEWER) or self._access.standing.refusal(call.tenant, call.key)
        if lack is not None:
            raise lack
        return call
