"""What is said of time: over which range, in which steps, beside which earlier time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.streamer.domain.asking.words import Text, singular

SECOND, MINUTE, HOUR, DAY, WEEK = 1.0, 60.0, 3_600.0, 86_400.0, 604_800.0
LONGEST = 3_660 * DAY
_JOINED = re.compile(r"(\d+(?:\.\d+)?)([a-z]+)")
_UNITS: Mapping[str, float] = {
    **dict.fromkeys(("s", "sec", "second"), SECOND),
    **dict.fromkeys(("m", "min", "minute"), MINUTE),
    **dict.fromkeys(("h", "hr", "hour"), HOUR),
    **dict.fromkeys(("d", "day"), DAY),
    **dict.fromkeys(("w", "week"), WEEK),
    "fortnight": 2 * WEEK,
    "month": 30 * DAY,
}
COUNTS: Mapping[str, float] = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "half": 0.5,
}  # fmt: skip
_LAST = ("last", "past", "previous", "recent", "latest")
_LEADING = ("in", "over", "during", "for", "within", "of", "the", "from", "since", "across", "throughout")
_BESIDE = ("compared", "vs", "versus", "against", "relative", "and", "than")
_MORE = ("more", "less", "fewer", "higher", "lower", "slower", "faster", "better", "worse", "busier")
_BESIDE_AFTER_COMPARE = ("with", "to")
_BESIDE_LEADING = ("to", "with", "the", "same", "time")
_EVERY = ("every", "per", "each")
_STEPS: Mapping[str, float] = {"minutely": MINUTE, "hourly": HOUR, "daily": DAY, "weekly": WEEK}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(am|pm)?")
_HOURS_OF_DAY: Mapping[str, float] = {"midnight": 0.0, "noon": 12.0}
_NOW = ("now", "currently", "right now", "at the moment", "current", "this moment", "live")

MEANT = (*_UNITS, *_STEPS, *_WEEKDAYS, *_HOURS_OF_DAY, "yesterday", "today", "morning")
"""Words that say something, however they are misspelt."""
SAID = (
    *MEANT, *COUNTS, *_LAST, *_LEADING, *_BESIDE, *_BESIDE_LEADING, *_MORE, *_EVERY, *_NOW, "this", "ago", "before",
    "earlier",
)  # fmt: skip
"""All words that are looked for here."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range that ends `offset` seconds ago."""

    seconds: float
    offset: float = 0.0


@dataclass(slots=True)
class Times:
    """All that was said of time."""

    span: Span | None = None
    step: float | None = None
    earlier: float | None = None
    """How much earlier the time is that it is put beside."""
    earlier_at: int = -1
    rate: bool = False
    """Whether it was asked for by the second."""
    rate_at: int = -1
    now: bool = False


def times_in(text: Text, now: float) -> Times:
    """Read what a text says of time; `now` in unix seconds."""
    found = Times()
    for read in (_read_comparison, _read_steps, _read_since, _read_days, _read_range, _read_now):
        for place in range(len(text)):
            if text.is_free(place, place + 1):
                read(text, place, now, found)
    return found


def span_in(text: Text, place: int) -> tuple[int, float] | None:
    """A span of time such as `5 minutes`, `24h`, `an hour`: where it ends, and its seconds."""
    spoken = _spoken(text, place) if text.is_free(place, place + 1) else None
    return spoken if spoken is not None and SECOND <= spoken[1] <= LONGEST else None


def _spoken(text: Text, place: int) -> tuple[int, float] | None:
    joined = _JOINED.fullmatch(text.plain[place])
    unit = _UNITS.get(singular(joined[2])) if joined else None
    if joined is not None and unit is not None:
        return place + 1, float(joined[1]) * unit
    count, end = _count(text, place)
    while text.is_free(end, end + 1) and text.plain[end] in ("of", "a", "an"):
        end += 1
    if text.is_free(end, end + 1) and (unit := _UNITS.get(singular(text.plain[end]))) is not None and _spelt(text, end):
        return end + 1, count * unit
    return None


def _spelt(text: Text, place: int) -> bool:
    """Whether a unit is more than a letter, or stands after its number."""
    return len(text.plain[place]) > 1 or (place > 0 and text.plain[place - 1].isdecimal())


def _count(text: Text, place: int) -> tuple[float, int]:
    word = text.plain[place]
    if word.isdecimal():
        return float(word), place + 1
    return (COUNTS[word], place + 1) if word in COUNTS else (1.0, place)


def _read_comparison(text: Text, place: int, now: float, found: Times) -> None:
    """`compared to yesterday`, `vs last week`, `slower than yesterday`, `and an hour before`, `compare … with …`."""
    word = text.plain[place]
    if word not in _BESIDE and not (word in _BESIDE_AFTER_COMPARE and "compare" in text.plain[:place]):
        return
    end = place + 1
    while text.is_free(end, end + 1) and text.plain[end] in _BESIDE_LEADING:
        end += 1
    until, seconds = _earlier(text, end)
    if seconds is None:
        return
    found.earlier, found.earlier_at = seconds, place
    text.take(place, until, f"beside the values of {span_words(seconds)} earlier")
    # `slower than yesterday` says no more than that.
    for other, word in enumerate(text.plain[:place]):
        if text.plain[place] == "than" and word in _MORE and text.is_free(other, other + 1):
            text.take(other, other + 1, "")


def _earlier(text: Text, place: int) -> tuple[int, float | None]:
    if not text.is_free(place, place + 1):
        return place, None
    if text.plain[place] == "yesterday":
        return place + 1, DAY
    if text.plain[place] in _LAST and text.is_free(place + 1, place + 2):
        unit = _UNITS.get(singular(text.plain[place + 1]))
        return (place + 2, unit) if unit is not None else (place, None)
    spoken = span_in(text, place)
    if spoken is None:
        return place, None
    end, seconds = spoken
    said = text.is_free(end, end + 1) and text.plain[end] in ("ago", "before", "earlier")
    return (end + 1, seconds) if said else (place, None)


def _read_steps(text: Text, place: int, now: float, found: Times) -> None:
    """`every 5 minutes`, `per hour`, `hourly`, `by the minute`, `per second`."""
    word = text.plain[place]
    if word in _STEPS:
        found.step = _STEPS[word]
        text.take(place, place + 1, f"in steps of {span_words(_STEPS[word])}")
        return
    by = word == "by"
    if word not in _EVERY and not by:
        return
    begin = place + 1
    while text.is_free(begin, begin + 1) and text.plain[begin] == "the":
        begin += 1
    spoken = span_in(text, begin)
    if spoken is None:
        return
    end, seconds = spoken
    if seconds == SECOND and not by:
        found.rate, found.rate_at = True, place
        text.take(place, end, "a second")
    else:
        found.step = seconds
        text.take(place, end, f"in steps of {span_words(seconds)}")


def _read_since(text: Text, place: int, now: float, found: Times) -> None:
    """`since monday`, `since 9am`, `since 14:30`, `since midnight`: of UTC, the last time that it was."""
    end = place + 1
    if text.plain[place] != "since" or not text.is_free(end, end + 1):
        return
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    word = text.plain[end]
    if word in _WEEKDAYS:
        begin = midnight - timedelta(days=(midnight.weekday() - _WEEKDAYS.index(word)) % 7)
    elif (hours := _hours(word)) is not None:
        begin = midnight + timedelta(hours=hours)
        begin -= timedelta(days=begin.timestamp() > now)
    else:
        return
    found.span = Span(max(now - begin.timestamp(), MINUTE))
    text.take(place, end + 1, f"the range: since {word} (UTC)")


def _hours(word: str) -> float | None:
    """Hours of the day on a clock: `9am`, `14:30`, `noon`; a number alone is none."""
    if word in _HOURS_OF_DAY:
        return _HOURS_OF_DAY[word]
    read = _CLOCK.fullmatch(word)
    if read is None or not (read[2] or read[3]):
        return None
    hours, minutes = int(read[1]), int(read[2] or 0)
    if read[3]:
        hours = hours % 12 + 12 * (read[3] == "pm") if 1 <= hours <= 12 else 24
    return hours + minutes / 60 if hours < 24 and minutes < 60 else None


def _read_days(text: Text, place: int, now: float, found: Times) -> None:
    """`today`, `yesterday`, `this week`: days of UTC."""
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    word, end = text.plain[place], place + 1
    if word in ("this", "the") and text.is_free(end, end + 1) and text.plain[end] in ("week", "month", "morning"):
        if word == "the":
            return
        begin = midnight - timedelta(days=midnight.weekday()) if text.plain[end] == "week" else midnight
        begin = midnight.replace(day=1) if text.plain[end] == "month" else begin
        span, end = Span(max(now - begin.timestamp(), MINUTE)), end + 1
    elif word == "today":
        span = Span(max(now - midnight.timestamp(), MINUTE))
    elif word == "yesterday":
        today = now - midnight.timestamp()
        since = place > 0 and text.plain[place - 1] == "since"
        span = Span(DAY + today) if since else Span(DAY, today)
    else:
        return
    found.span = span
    start = text.before(place, _LEADING)
    text.take(start, end, f"the range: {text.heard(place, end)} (UTC)")


def _read_range(text: Text, place: int, now: float, found: Times) -> None:
    """`last hour`, `in the past 30 minutes`, `24h`, `since an hour`."""
    if found.span is not None:
        return
    last = text.plain[place] in _LAST
    spoken = span_in(text, place + 1 if last else place)
    if spoken is None:
        return
    start, (end, seconds) = text.before(place, _LEADING), spoken
    ago = text.is_free(end, end + 1) and text.plain[end] in ("ago", "back")
    led = start < place or text.plain[place][0].isdecimal()
    if not last and not led:
        return
    end += ago
    found.span = Span(seconds)
    text.take(start, end, f"the range: the last {span_words(seconds)}")


def _read_now(text: Text, place: int, now: float, found: Times) -> None:
    for length in (3, 2, 1):
        if text.is_free(place, place + length) and text.heard(place, place + length) in _NOW:
            found.now = True
            text.take(place, place + length, "the newest value")
            return


def span_words(seconds: float) -> str:
    """A span of time for people."""
    for size, unit in ((WEEK, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")):
        if seconds >= size and seconds % size == 0:
            count = round(seconds / size)
            return unit if count == 1 else f"{count} {unit}s"
    return f"{seconds:g} seconds"
