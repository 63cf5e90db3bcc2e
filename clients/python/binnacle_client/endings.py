"""Why a streaming call ended, in the server's words.

grpc.aio overwrites the status that a server sent when a write of ours fails as the call ends (grpc/grpc issue 36066):
"Internal error from Core" then hides whether anything was taken. So each status is noted as it comes, and the first one
that is not this placeholder holds.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import grpc

from binnacle_client.errors import BinnacleError, Unavailable, error_of

T = TypeVar("T")

PLACEHOLDER = "Internal error from Core"
PATIENCE_SECONDS = 1.0
"""How long the server's own word may come after the placeholder."""


class Ending:
    """Listens to one call."""

    def __init__(self, call: grpc.aio.StreamStreamCall[Any, Any]) -> None:
        self._error: BinnacleError | None = None
        self._known = asyncio.Event()
        call.add_done_callback(self._note)

    async def error(self) -> BinnacleError:
        """The error that ended the call; an orderly end counts as Unavailable."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._known.wait()
        return self._error or Unavailable("the connection broke", uncertain=True)

    def _note(self, call: Any) -> None:
        code, details = _result(call.code()), _result(call.details()) or ""
        if self._error is not None or details == PLACEHOLDER:
            return
        if code is grpc.StatusCode.OK:
            self._error = Unavailable("the server ended the stream")
        else:
            self._error = error_of(code, details, _result(call.trailing_metadata()))
        self._known.set()


def _result(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that has nothing left to wait for, such as the status of a call that is done."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("the call is not done")
