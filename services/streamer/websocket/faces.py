"""Which socket is where, and how it talks."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from services.core.clock import Clock
from services.streamer.convert.dialects.envelopes import Envelopes
from services.streamer.convert.dialects.live import live_talk
from services.streamer.convert.dialects.messaging import (
    ALERTS,
    DASHBOARD,
    EVENTS,
    METRICS,
    OVERVIEW,
    ROOM_EVENTS,
    TENANT,
    Dashboard,
    Messaging,
)
from services.streamer.convert.dialects.monitoring import info_talk, monitoring_talk, stats_talk
from services.streamer.convert.dialects.overview import overview_messages
from services.streamer.convert.dialects.typed import Messages
from services.streamer.convert.live_frames import BinaryCodec, JsonCodec
from services.streamer.convert.live_talk import Frames
from services.streamer.domain.session import Session
from services.streamer.websocket.sockets import Face, Faces

LIVE: Final = "/ws/v1/live"
JSON: Final = "binnacle.v1.json"
BINARY: Final = "binnacle.v1.proto"
# For clients that bring a token in their subprotocols: one has to be chosen that is none.
PLAIN: Final = "binnacle.dialect"
# What a client that says what it wants right away should not have to read first.
PATIENCE: Final = 0.2


def places(clock: Clock, json: JsonCodec, binary: BinaryCodec) -> Mapping[str, Faces]:
    """Every socket by its path."""
    envelopes = Envelopes(clock)
    overview = Messages({OVERVIEW.id: overview_messages}, overview_messages)
    rooms = Messages({EVENTS: envelopes.events, ALERTS: envelopes.alerts, METRICS: envelopes.metrics}, envelopes.others)

    def dashboard(session: Session, _name: str) -> Dashboard:
        return Dashboard(session, overview, Messaging(session, rooms, clock, DASHBOARD))

    def room(held: str, session: Session, tenant: str) -> Messaging:
        return Messaging(session, rooms, clock, held, tenant)

    by_path = {f"/ws/{held}": Face(partial(room, held), patience=PATIENCE) for held in ROOM_EVENTS}
    by_path[f"/ws/{TENANT}/{{id}}"] = by_path.pop(f"/ws/{TENANT}")
    faces = {
        **by_path,
        "/ws/dashboard": Face(dashboard, patience=PATIENCE),
        "/ws/live": Face(live_talk, patience=PATIENCE),
        "/ws/stats": Face(stats_talk),
        "/ws/info": Face(info_talk),
        "/monitoring/ws": Face(monitoring_talk),
    }
    contract = {
        JSON: Face(lambda session, _name: Frames(session, json)),
        BINARY: Face(lambda session, _name: Frames(session, binary), binary=True),
    }
    return {LIVE: contract, **{path: {PLAIN: face} for path, face in faces.items()}}
