"""What every face of live connections does: frames while the session lasts, then why it ended; what a client says."""

from collections.abc import Sequence
from typing import Protocol

from binnacle.live.v1 import live_pb2 as pb
from services.core.clock import Clock
from services.core.errors import BinnacleError, InvalidInput
from services.streamer.convert.live_frames import Codec, Form
from services.streamer.convert.live_requests import wanted_from
from services.streamer.domain.deliveries import Batch, Delivery, Failed
from services.streamer.domain.session import Session
from services.streamer.domain.tally import Tally
from services.streamer.ports import Update


class Talk(Protocol):
    """A conversation with one client."""

    @property
    def form(self) -> Form:
        """How it is written to now."""
        ...

    def begin(self) -> None:
        """Tell it what it is told without having asked, unless it has asked by now."""
        ...

    def hear(self, message: str | bytes) -> None:
        """Do what it says."""
        ...


class Frames:
    """A conversation in frames of the contract."""

    __slots__ = ("_session", "form")

    def __init__(self, session: Session, codec: Codec) -> None:
        self.form = codec
        self._session = session

    def begin(self) -> None:
        """See Talk; nothing is told unasked."""

    def hear(self, message: str | bytes) -> None:
        """See Talk."""
        try:
            obey(self._session, self.form.read(message))
        except InvalidInput as error:
            refuse(self._session, error)


class Sending:
    """Makes the messages of connections of a kind, and counts them."""

    def __init__(self, kind: str, tally: Tally, clock: Clock) -> None:
        self._kind = kind
        self._tally = tally
        self._clock = clock

    def messages(self, session: Session, form: Form, deliveries: Sequence[Delivery]) -> Sequence[bytes]:
        """The messages that bring these."""
        made = form.messages(session.sequence, deliveries)
        session.sent += len(made)
        tally = self._tally
        tally.sent[self._kind] += len(made)
        for delivery in deliveries:
            content = delivery.content
            if isinstance(content, Batch):
                if content.rows:
                    tally.freshness[session.tenant].add(self._clock.now() - content.rows[-1].accepted)
            elif isinstance(content, Update):
                tally.ages.add(self._clock.now() - content.overview.made_at)
        return made


def obey(session: Session, frame: pb.ClientFrame) -> None:
    """Do what a client says; what cannot be done is answered in band."""
    match frame.WhichOneof("frame"):
        case "subscribe":
            try:
                session.subscribe(wanted_from(frame.subscribe, session.tenant))
            except InvalidInput as error:
                refuse(session, error, frame.subscribe.id)
        case "unsubscribe":
            session.unsubscribe(frame.unsubscribe.id)
        case "acknowledge":
            session.acknowledge(frame.acknowledge.sequence)
        case "ping":
            session.ping(frame.ping.number)
        case "authenticate":
            # Who it is was known before the session was opened.
            return
        case _:
            refuse(session, InvalidInput.of("frame", "one of authenticate, subscribe, unsubscribe, acknowledge, ping"))


def refuse(session: Session, error: BinnacleError, subscription: str = "") -> None:
    """Tell a client in band what is wrong with what it said."""
    session.outbox.add(subscription, Failed(error))
