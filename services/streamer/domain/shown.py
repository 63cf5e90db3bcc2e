"""Which events were shown: a source that begins again tells once more of those that it had not stored."""

from collections import deque

from services.streamer.ports import Events

REMEMBERED = 20_000


class Shown:
    """The places of the newest events shown."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._order: deque[str] = deque()
        self._places: set[str] = set()
        self._remembered = remembered

    def new(self, frame: Events) -> Events:
        """Those events that were not shown before; they count as shown from now on. One without a place is new."""
        events = tuple(event for event in frame.events if self._note(event.place))
        return frame if len(events) == len(frame.events) else Events(events)

    def _note(self, place: str) -> bool:
        if place in self._places:
            return False
        if place:
            self._places.add(place)
            self._order.append(place)
            if len(self._order) > self._remembered:
                self._places.discard(self._order.popleft())
        return True
