"""What clients of dialects say, and what they are told unasked."""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from services.core.errors import InvalidInput
from services.streamer.convert.json_text import Json
from services.streamer.convert.live_frames import Form
from services.streamer.convert.live_talk import refuse
from services.streamer.domain.session import Session, Wanted

ALL: Final = "all"


def object_from(message: str | bytes) -> Json:
    """A JSON object. Raises InvalidInput for anything else."""
    try:
        read = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise InvalidInput.of("", "a JSON object") from error
    if not isinstance(read, dict):
        raise InvalidInput.of("", "a JSON object")
    return read


def names_from(read: Json, field: str, known: Sequence[str]) -> tuple[list[str], list[InvalidInput]]:
    """Those names of a list that are known, each once, and what is wrong with the others."""
    held = read.get(field)
    if held is None:
        return [], []
    if not isinstance(held, list) or not all(isinstance(name, str) for name in held):
        return [], [InvalidInput.of(field, "a list of names")]
    faults = [
        InvalidInput.of(field, f"{name[:100]!r} is none of {', '.join(known)}") for name in held if name not in known
    ]
    return list(dict.fromkeys(name for name in held if name in known)), faults


class Listener:
    """Is told the same from the beginning, whatever it says."""

    def __init__(self, session: Session, form: Form, wanted: Sequence[Wanted]) -> None:
        self.form = form
        self._session = session
        self._wanted = wanted

    def begin(self) -> None:
        """See Talk."""
        for each in self._wanted:
            self._session.subscribe(each)

    def hear(self, _message: str | bytes) -> None:
        """See Talk."""


class Channels:
    """Is told `unasked` until it asks for channels by name; then those it asked for."""

    def __init__(self, session: Session, form: Form, channels: Mapping[str, Wanted], unasked: Sequence[Wanted]) -> None:
        self.form = form
        self._session = session
        self._channels = channels
        self._unasked = unasked
        self._asked = False

    def begin(self) -> None:
        """See Talk."""
        if not self._asked:
            for each in self._unasked:
                self._session.subscribe(each)

    def hear(self, message: str | bytes) -> None:
        """See Talk."""
        try:
            self._obey(object_from(message))
        except InvalidInput as error:
            refuse(self._session, error)

    def _obey(self, read: Json) -> None:
        match read.get("type"):
            case "subscribe":
                self._subscribe(self._named(read))
            case "unsubscribe":
                for name in self._named(read):
                    self._session.unsubscribe(name)
            case "ping":
                self._session.ping(0)
            case _:
                raise InvalidInput.of("type", "one of subscribe, unsubscribe, ping")

    def _subscribe(self, names: Sequence[str]) -> None:
        if not names:
            return
        self._asked = True
        for each in self._unasked:
            self._session.unsubscribe(each.id)
        for name in names:
            if name not in self._session.subscriptions:
                self._session.subscribe(self._channels[name])

    def _named(self, read: Json) -> Sequence[str]:
        names, faults = names_from(read, "channels", (*self._channels, ALL))
        for fault in faults:
            refuse(self._session, fault)
        if not names and not faults:
            raise InvalidInput.of("channels", f"some of {', '.join((*self._channels, ALL))}")
        return list(self._channels) if ALL in names else names
