"""What leads to the client of a gRPC stream."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from services.core.errors import BinnacleError
from services.streamer.convert.live_frames import Codec
from services.streamer.convert.live_talk import Sending
from services.streamer.domain.deliveries import Delivery
from services.streamer.domain.session import Session

# A stream that ends is given so long to take what it is being sent.
LAST_SECONDS: Final = 3.0


class StreamLine:
    """Keeps one frame until the stream takes it; see Line."""

    def __init__(self, session: Session, codec: Codec, sending: Sending) -> None:
        self._session = session
        self._codec = codec
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
        self._frames += self._sending.messages(self._session, self._codec, deliveries)
        self._coming.set()

    def end(self, error: BinnacleError) -> None:
        """See Line."""
        if self._coming.is_set() and self._serving is not None:
            # Its reader may never take what it is being sent.
            self._patience = asyncio.get_running_loop().call_later(LAST_SECONDS, self._serving.cancel)
        self._frames += self._codec.last(self._session.sequence + 1, error)
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
