"""How many events there were, asked for in words."""

from collections.abc import Sequence

from services.streamer.domain.asking.asked import Shown
from services.streamer.domain.asking.measures import Lexicon
from services.streamer.domain.asking.ranking import rank_in
from services.streamer.domain.asking.rows import COUNTING, place_of, services_in, types_in
from services.streamer.domain.asking.selecting import Chosen, labels_of, read_grouping
from services.streamer.domain.asking.times import Times
from services.streamer.domain.asking.words import Text, key_of

_ONE_NUMBER = ("many", "often", "count", "number", "total", "times")
LONGEST_NAME, MOST = 4, 20
_SPLITS = ("type", "service")
"""What events can be told apart by."""


def counted_events(text: Text, lexicon: Lexicon, times: Times) -> Shown | None:
    """`count of events of type purchase`, `events per minute`; None where no events are to be counted."""
    place = place_of(text, "event")
    counting = any(word in COUNTING for word in text.plain)
    if place is None or not counting or _is_measured(text, place, lexicon):
        return None
    text.take(place, place + 1, "how many events")
    if text.is_free(place + 1, place + 2) and text.plain[place + 1] == "types":
        text.take(place + 1, place + 2, "apart by type")
        return _shown(text, lexicon, times, ["type"])
    chosen = Chosen()
    read_grouping(text, labels_of(_SPLITS), chosen)
    return _shown(text, lexicon, times, chosen.by[:1])


def counted_types(text: Text, lexicon: Lexicon, times: Times) -> Shown | None:
    """`how many deploys last week`: events of types that are named where nothing else is counted."""
    if not any(word in COUNTING for word in text.plain):
        return None
    again = text.again()
    if not types_in(again, lexicon.known):
        return None
    chosen = Chosen()
    read_grouping(text, labels_of(_SPLITS), chosen)
    return _shown(text, lexicon, times, chosen.by[:1])


def _shown(text: Text, lexicon: Lexicon, times: Times, by: Sequence[str]) -> Shown:
    types, services = types_in(text, lexicon.known), services_in(text, lexicon.known)
    # What figures cannot tell is given back as not understood.
    for place in (times.earlier_at, times.rate_at):
        text.taken.pop(place, None)
    number = not by and times.step is None and any(word in _ONE_NUMBER for word in text.plain)
    rank = rank_in(text) if by else None
    for place, word in enumerate(text.plain):
        if text.is_free(place, place + 1) and word in COUNTING and word != "top":
            text.take(place, place + 1, "")
    return Shown(
        "number" if number else "top_list" if rank else "line",
        figures=tuple(_figure(by, one, service) for one in types or ("",) for service in services or ("",))[:MOST],
        unit="events",
        reduction="total",
        count=rank.count if rank else 0,
        lowest=rank.lowest if rank else False,
        step=times.step,
    )


def _is_measured(text: Text, place: int, lexicon: Lexicon) -> bool:
    """Whether a word belongs to the name of something else, as `events_total` is one."""
    around = ((start, end) for start, end in text.windows(LONGEST_NAME) if start <= place < end)
    return any(key_of(text.heard(start, end)) in lexicon.measures for start, end in around)


def _figure(by: Sequence[str], type_: str, service: str) -> str:
    conditions = ",".join(f"{label}={value}" for label, value in (("type", type_), ("service", service)) if value)
    return f"events{f'_by_{by[0]}' if by else ''}{f'{{{conditions}}}' if conditions else ''}"
