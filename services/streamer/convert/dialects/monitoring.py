"""`/monitoring/ws`, and the sockets about sockets: what they say is also answered over REST."""

from typing import Final

from services.streamer.convert.dialects.talks import Listener
from services.streamer.convert.dialects.typed import Messages, Typed
from services.streamer.domain.feeds import ROOMS, Asked
from services.streamer.domain.session import Session, Wanted

_HOUR: Final = 3_600.0
# By type of message: what feeds it.
_MONITORING: Final = {
    "metrics": (Asked("monitoring_metrics", 5.0),),
    "health": (Asked("monitoring_health", 5.0),),
    "sessions": (Asked("active_sessions", 5.0),),
    "alert": ROOMS["alerts"],
}
MONITORING: Final = tuple(Wanted(name, (name,), feeds) for name, feeds in _MONITORING.items())
STATS: Final = (Wanted("stats", ("connections",), (Asked("connections", 5.0),)),)
INFO: Final = (Wanted("info", ("sockets",), (Asked("sockets", _HOUR, changes_only=True),)),)
FORM: Final = Messages({name: Typed(name) for name in (*_MONITORING, "stats", "info")}, Typed(""))


def monitoring_talk(session: Session, _name: str) -> Listener:
    """How a client of `/monitoring/ws` talks."""
    return Listener(session, FORM, MONITORING)


def stats_talk(session: Session, _name: str) -> Listener:
    """How a client of `/ws/stats` talks."""
    return Listener(session, FORM, STATS)


def info_talk(session: Session, _name: str) -> Listener:
    """How a client of `/ws/info` talks."""
    return Listener(session, FORM, INFO)
