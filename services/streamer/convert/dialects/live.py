"""`/ws/live`: a wallboard that is told unasked, and channels for those who ask for them."""

from typing import Final

from services.streamer.convert.dialects.talks import Channels
from services.streamer.convert.dialects.typed import Messages, Typed
from services.streamer.domain.feeds import ROOMS, Asked
from services.streamer.domain.session import Session, Wanted

# By subscription: what feeds it; its messages are of that type.
_FEEDS: Final = {
    "live_metrics": Asked("live_metrics", 2.0),
    "ai_insights": Asked("insights", 2.0, changes_only=True),
    "system_health": Asked("health", 2.0, changes_only=True),
}
# By channel: the type of its messages.
_CHANNELS: Final = {
    "logs": "log",
    "alerts": "alert",
    "remediations": "remediation",
    "stats": "stats",
    "health": "health",
    "pipeline": "pipeline",
}
UNASKED: Final = tuple(Wanted(name, (name,), (feed,)) for name, feed in _FEEDS.items())
CHANNELS: Final = {name: Wanted(name, (name,), ROOMS[name]) for name in _CHANNELS}
FORM: Final = Messages({name: Typed(_CHANNELS.get(name, name)) for name in (*_FEEDS, *_CHANNELS)}, Typed(""))


def live_talk(session: Session, _name: str) -> Channels:
    """How a client of `/ws/live` talks."""
    return Channels(session, FORM, CHANNELS, UNASKED)
