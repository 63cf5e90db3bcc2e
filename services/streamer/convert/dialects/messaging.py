"""What clients of a messaging platform's dashboard say: Auth, Subscription, Heartbeat; and what that opens."""

from collections import deque
from collections.abc import Collection, Sequence
from typing import Final

from services.core.clock import Clock
from services.core.conventions import AI_EVENT, ALERT_EVENT, CAMPAIGN_UPDATE_EVENT
from services.core.errors import Forbidden, InvalidInput, Overloaded
from services.streamer.convert.dialects.envelopes import (
    CONVERSATIONS,
    ERP_CALL,
    EVENT_TYPES,
    SYSTEM_ALERT,
)
from services.streamer.convert.dialects.talks import names_from, object_from
from services.streamer.convert.json_text import Json
from services.streamer.convert.live_frames import Form
from services.streamer.convert.live_talk import refuse
from services.streamer.domain.feeds import ROOMS, Asked
from services.streamer.domain.selections import Selection
from services.streamer.domain.session import Session, Wanted

DASHBOARD, ALERTS, TENANT = "dashboard", "alerts", "tenant"
EVENTS, METRICS = "events", "metrics"
ROOM_EVENTS: Final = {
    DASHBOARD: EVENT_TYPES,
    "conversations": CONVERSATIONS,
    "campaigns": (CAMPAIGN_UPDATE_EVENT,),
    "erp": (ERP_CALL,),
    "ai": (AI_EVENT,),
    ALERTS: (),
    TENANT: EVENT_TYPES,
}
BOARD: Final = Asked("board", 2.0)
MOST_REQUESTS: Final = 100
REQUESTS_SECONDS: Final = 60.0
OVERVIEW: Final = Wanted("overview", (DASHBOARD,), ROOMS[DASHBOARD], rows_first=True)


def wanted_for(rooms: Sequence[str], types: Collection[str]) -> list[Wanted]:
    """The subscriptions that rooms are made of, with events of these types."""
    names = tuple(rooms)
    kinds = {kind for room in rooms for kind in ROOM_EVENTS[room] if kind in types}
    wanted = []
    if kinds:
        told = kinds | {ALERT_EVENT} if SYSTEM_ALERT in kinds else kinds
        wanted.append(Wanted(EVENTS, names, (Selection(kinds=tuple(sorted(told))),)))
    if set(rooms) - {ALERTS}:
        wanted.append(Wanted(METRICS, names, (BOARD,)))
    if ALERTS in rooms:
        wanted.append(Wanted(ALERTS, (ALERTS,), (Selection(kinds=(SYSTEM_ALERT, ALERT_EVENT)),)))
    return wanted


class Messaging:
    """Is told a room until it asks for others; may say so much a minute. `tenant` is whom the path names, if any."""

    def __init__(self, session: Session, form: Form, clock: Clock, room: str, tenant: str = "") -> None:
        self.form = form
        self._session = session
        self._clock = clock
        self._room = room
        self._tenant = tenant
        self._open: dict[str, Wanted] = {}
        self._heard: deque[float] = deque(maxlen=MOST_REQUESTS)

    def begin(self) -> None:
        """See Talk."""
        if not self._open:
            self._subscribe({})

    def hear(self, message: str | bytes) -> None:
        """See Talk."""
        try:
            self._keep_pace()
            self._obey(object_from(message))
        except (InvalidInput, Overloaded) as error:
            refuse(self._session, error)

    def _obey(self, envelope: Json) -> None:
        payload = envelope.get("payload")
        match envelope.get("message_type"):
            case "Auth":
                # Who it is was known before the session was opened.
                return
            case "Subscription":
                if not isinstance(payload, dict):
                    raise InvalidInput.of("payload", "an object with rooms, event_types, tenant_id")
                self._subscribe(payload)
            case "Heartbeat":
                self._session.ping(0)
            case _:
                raise InvalidInput.of("message_type", "one of Auth, Subscription, Heartbeat")

    def _subscribe(self, payload: Json) -> None:
        rooms, faults = names_from(payload, "rooms", tuple(ROOM_EVENTS))
        types, more_faults = names_from(payload, "event_types", EVENT_TYPES)
        for fault in (*faults, *more_faults):
            refuse(self._session, fault)
        if faults and not rooms:
            return
        rooms = self._visible(rooms or [self._room], payload.get("tenant_id") or self._tenant)
        self._change(wanted_for(rooms, types if payload.get("event_types") else EVENT_TYPES))

    def _visible(self, rooms: list[str], tenant: object) -> list[str]:
        if not tenant or tenant == self._session.tenant:
            return rooms
        refuse(self._session, Forbidden(f"tenant_id: the data of {self._session.tenant!r} alone can be seen here"))
        return [room for room in rooms if room != TENANT]

    def _change(self, wanted: Sequence[Wanted]) -> None:
        asked = {each.id: each for each in wanted}
        for gone in self._open.keys() - asked.keys():
            self._session.unsubscribe(gone)
        for name, each in asked.items():
            if self._open.get(name) != each:
                self._session.subscribe(each)
        self._open = asked

    def _keep_pace(self) -> None:
        now = self._clock.monotonic()
        if len(self._heard) == MOST_REQUESTS and now - self._heard[0] < REQUESTS_SECONDS:
            raise Overloaded(f"at most {MOST_REQUESTS} messages a minute", REQUESTS_SECONDS - (now - self._heard[0]))
        self._heard.append(now)


class Dashboard:
    """`/ws/dashboard`: the overview for those who only listen; rooms once something with a `message_type` was said."""

    def __init__(self, session: Session, form: Form, rooms: Messaging) -> None:
        self._session = session
        self._form = form
        self._rooms = rooms
        self._begun = False
        self._enveloped = False

    @property
    def form(self) -> Form:
        """See Talk."""
        return self._rooms.form if self._enveloped else self._form

    def begin(self) -> None:
        """See Talk."""
        self._begun = True
        if self._enveloped:
            self._rooms.begin()
        else:
            self._session.subscribe(OVERVIEW)

    def hear(self, message: str | bytes) -> None:
        """See Talk."""
        if not self._enveloped and not _is_envelope(message):
            return
        if not self._enveloped:
            self._enveloped = True
            self._session.unsubscribe(OVERVIEW.id)
        self._rooms.hear(message)
        if self._begun:
            self._rooms.begin()


def _is_envelope(message: str | bytes) -> bool:
    try:
        return "message_type" in object_from(message)
    except InvalidInput:
        return False
