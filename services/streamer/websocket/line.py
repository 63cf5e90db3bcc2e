"""What leads to the client of a WebSocket."""

from collections.abc import Sequence

from websockets.frames import Opcode

from services.core.errors import BinnacleError
from services.streamer.convert.live_talk import Sending, Talk
from services.streamer.domain.deliveries import Delivery
from services.streamer.domain.session import Session
from services.streamer.websocket.close_codes import close_code
from services.streamer.websocket.wire import Wire


class SocketLine:
    """Writes messages straight into the connection; see Line.

    They take a third of the time that they take through a coroutine for each connection, and less memory.
    """

    __slots__ = ("_kind", "_sending", "_session", "_talk", "_wire")

    def __init__(self, wire: Wire, session: Session, talk: Talk, sending: Sending, *, binary: bool) -> None:
        self._wire = wire
        self._session = session
        self._talk = talk
        self._sending = sending
        self._kind = Opcode.BINARY if binary else Opcode.TEXT

    def full(self) -> bool:
        """See Line."""
        return self._wire.full()

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """See Line."""
        self._write(self._sending.messages(self._session, self._talk.form, deliveries))

    def end(self, error: BinnacleError) -> None:
        """See Line."""
        self._write(self._talk.form.last(self._session.sequence + 1, error))
        self._wire.close(close_code(error), str(error)[:100])

    def _write(self, messages: Sequence[bytes]) -> None:
        for message in messages:
            self._wire.write(self._kind, message)
