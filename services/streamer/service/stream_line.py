"""What leads to the client of a gRPC stream."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import grpc

from services.core.errors import BinnacleError
from services.runtime.calls import current_call
from services.streamer.convert.live_frames import Form
from services.streamer.convert.live_talk import Sending
from services.streamer.domain.deliveries import Delivery
from services.streamer.domain.hub import Hub
from services.streamer.domain.session import Session
from services.streamer.domain.tally import GRPC

# A stream that ends is given so long to take what it is being sent.
LAST_SECONDS: Final = 3.0

Context = grpc.aio.ServicerContext[Any, Any]


def connected(hub: Hub, context: Context) -> AbstractContextManager[Session]:
    """A session of the caller for the length of the block; raises as the hub does."""
    call, client = current_call(), dict(context.invocation_metadata() or ()).get("user-agent", "")
    return hub.connected(call.tenant, GRPC, str(client), call.expires)


class StreamLine:
    """Keeps one frame until the stream takes it; see Line."""

    def __init__(self, session: Session, form: Form, sending: Sending) -> None:
        self._session = session
        self._form = form
        self._sending = sending
        self._frames: list[bytes] = []
        self._coming = asyncio.Event()
        self._ended = False
        self._serving = asyncio.current_task()
        self._patience: asyncio.TimerHandle | None = None

    def full(self) -> bool:
        """See Line."""
        return self._coming.is_set()

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """See Line."""
        self._frames += self._sending.messages(self._session, self._form, deliveries)
        self._coming.set()

    def end(self, error: BinnacleError) -> None:
        """See Line."""
        if self._coming.is_set() and self._serving is not None:
            # Its reader may never take what it is being sent.
            self._patience = asyncio.get_running_loop().call_later(LAST_SECONDS, self._serving.cancel)
        self._frames += self._form.last(self._session.sequence + 1, error)
        self._ended = True
        self._coming.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Frames until the end; to be called by the task that `end` may have to pull out of sending."""
        try:
            while self._frames or not self._ended:
                await self._coming.wait()
                frames, self._frames = self._frames, []
                for frame in frames:
                    yield frame
                if not self._frames:
                    self._coming.clear()
        finally:
            if self._patience is not None:
                self._patience.cancel()
