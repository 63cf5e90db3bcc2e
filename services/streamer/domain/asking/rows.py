"""Events, log lines and alerts, asked for in words."""

from collections.abc import Mapping

from services.core.conventions import SERVICE_LABEL
from services.streamer.domain.asking.asked import Shown
from services.streamer.domain.asking.words import Text, joined_of, singular
from services.streamer.ports.catalogue import Known

COUNTED = ("number", "count", "volume", "many", "rate", "per", "by")
COUNTING = (*COUNTED, "often", "times", "total", "top")
"""Where events are asked for, their number is."""
_LOGS = ("log line", "log message", "log entry", "log")
_LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "warn": "warning", "error": "error",
           "critical": "critical", "fatal": "critical"}  # fmt: skip
_CONTAINING = ("containing", "contain", "mentioning", "about", "saying", "matching", "including")
_FIRING = ("firing", "alerting")
"""What only alerts do."""
_OPEN = (*_FIRING, "open", "active", "ongoing", "present")
_ENDED = ("ended", "resolved", "past", "closed", "all")
_LEADING = (
    "of", "for", "in", "on", "from", "the", "service", "type", "with", "at", "level", "severity", "named", "called",
)  # fmt: skip
_NEWEST = ("last", "latest", "newest", "recent", "past")
MEANT = (*_LOGS, *_LEVELS, *_CONTAINING, "alert", "event")
"""Words that say something, however they are misspelt."""
SAID = (*MEANT, *COUNTING, *_OPEN, *_ENDED, *_LEADING, *_NEWEST)
"""All words that are looked for here."""


def rows_in(text: Text, known: Known) -> Shown | None:
    """What a text asks for that is no value over time; None where it asks for none of it."""
    if any(word in COUNTED for word in text.plain):
        return None
    if (place := place_of(text, "alert")) is not None:
        text.take(place, place + 1, "alerts")
        return _alerts(text)
    if any(word in _FIRING for word in text.plain):
        return _alerts(text)
    for phrase in _LOGS:
        length = len(phrase.split())
        for start in range(len(text) - length + 1):
            if " ".join(singular(word) for word in text.plain[start : start + length]) == phrase:
                text.take(start, start + length, "log lines")
                return _logs(text, known)
    if (place := place_of(text, "event")) is not None and not any(word in COUNTING for word in text.plain):
        text.take(place, place + 1, "events")
        return Shown("event_feed", types=types_in(text, known), services=services_in(text, known))
    return None


def events_in(text: Text, known: Known) -> Shown | None:
    """Events of types that are named where nothing else is: `latest deploys`."""
    types = types_in(text, known)
    if not types:
        return None
    for at, word in enumerate(text.plain):
        if text.is_free(at, at + 1) and word in _NEWEST:
            text.take(at, at + 1, "the newest first")
    return Shown("event_feed", types=types, services=services_in(text, known))


def types_in(text: Text, known: Known) -> tuple[str, ...]:
    """The types of events that are named; they are taken."""
    return _named(text, {joined_of(one): one for one in known.event_types}, "events of type")


def services_in(text: Text, known: Known) -> tuple[str, ...]:
    """The services that are named; they are taken."""
    return _named(text, {joined_of(one): one for one in known.values.get(SERVICE_LABEL, ())}, "service")


def place_of(text: Text, word: str) -> int | None:
    """Where a word, or its plural, stands first; None where it does not."""
    return next((place for place, one in enumerate(text.plain) if singular(one) == word), None)


def _alerts(text: Text) -> Shown:
    levels = _levels(text, ("critical", "warning", "info"))
    ended = False
    for at, word in enumerate(text.plain):
        if text.is_free(at, at + 1) and word in (*_OPEN, *_ENDED):
            ended = ended or word in _ENDED
            text.take(at, at + 1, "alerts that have ended too" if word in _ENDED else "alerts that have not ended")
    return Shown("alert_list", levels=levels, ended=ended)


def _logs(text: Text, known: Known) -> Shown:
    wanted = ""
    for at, word in enumerate(text.plain):
        quoted = text.words[at].startswith('"')
        containing = word in _CONTAINING and text.is_free(at, at + 2)
        if text.is_free(at, at + 1) and (quoted or containing):
            end = at + 1 if quoted else at + 2
            wanted = text.words[end - 1].strip('"')
            text.take(at, end, f"the text {wanted!r} in them")
            break
    return Shown("log_view", levels=_levels(text, _LEVELS), services=services_in(text, known), text=wanted)


def _levels(text: Text, words: Mapping[str, str] | tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for at, word in enumerate(text.plain):
        level = singular(word)
        if text.is_free(at, at + 1) and level in words:
            found.append(_LEVELS[level])
            text.take(text.before(at, _LEADING), at + 1, f"level {_LEVELS[level]}")
    return tuple(dict.fromkeys(found))


def _named(text: Text, names: Mapping[str, str], meaning: str) -> tuple[str, ...]:
    found: list[str] = []
    for start, end in list(text.windows(3)):
        if not text.is_free(start, end):
            continue
        joined = "".join(joined_of(word) for word in text.plain[start:end])
        name = names.get(joined) or names.get(singular(joined))
        if name is not None:
            found.append(name)
            text.take(text.before(start, _LEADING), end, f"{meaning} {name}")
    return tuple(sorted(found))
