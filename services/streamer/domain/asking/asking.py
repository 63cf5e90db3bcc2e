"""From words to a widget."""

import difflib
from collections.abc import Container
from dataclasses import replace
from itertools import islice

from services.streamer.domain.asking.asked import Asked, Shown
from services.streamer.domain.asking.asking_words import BOTTOM, FILLERS, NUMBER, STATISTICS, TOP, VALUES, WIDGETS
from services.streamer.domain.asking.building import Statistic, Wanted, built
from services.streamer.domain.asking.counting import counted_events, counted_types
from services.streamer.domain.asking.measures import Lexicon, Measure, beside_in, lexicon_of, measures_in, over_in
from services.streamer.domain.asking.ranking import rank_in
from services.streamer.domain.asking.rows import events_in, rows_in
from services.streamer.domain.asking.selecting import (
    Chosen,
    labels_of,
    read_conditions,
    read_grouping,
    read_plain_grouping,
    read_values,
)
from services.streamer.domain.asking.spelling import respelt
from services.streamer.domain.asking.times import Times, times_in
from services.streamer.domain.asking.words import Text, key_of, singular
from services.streamer.domain.dashboards.figures import FIGURES, MS
from services.streamer.ports.catalogue import Known

MOST_SUGGESTIONS, MOST_SUGGESTED_FOR, LIKE, MOST_READINGS = 5, 4, 0.7, 20


def ask(asked: str, known: Known, now: float) -> Asked:
    """What a text asks for; `now` in unix seconds."""
    lexicon = lexicon_of(known)
    text = respelt(Text.of(asked), lexicon)
    shown = rows_in(text, known)
    times = times_in(text, now)
    if shown is None:
        shown = counted_events(text, lexicon, times)
    if shown is None:
        text, shown = _values(text, lexicon, times)
    if shown is None:
        shown = counted_types(text, lexicon, times) or events_in(text, known)
    _pass_over(text)
    left = text.left()
    return Asked(shown, times.span, text.parts(), left, _suggestions(left, lexicon))


def _pass_over(text: Text, words: Container[str] = FILLERS) -> None:
    """What remains of a sentence says nothing."""
    for place, word in enumerate(text.plain):
        if text.is_free(place, place + 1) and word in words:
            text.take(place, place + 1, "")


def _values(text: Text, lexicon: Lexicon, times: Times) -> tuple[Text, Shown | None]:
    """The reading of a text that leaves the fewest words, and what it shows."""
    best: tuple[int, Text, Shown] | None = None
    for found in islice(measures_in(text, lexicon), MOST_READINGS):
        again = text.again()
        found.take(again)
        others = [one.measure.name for one in beside_in(again, found, lexicon)]
        over = over_in(again, found, lexicon)
        shown = _read(again, found.measure, over, lexicon, times)
        if others and shown.figures:
            shown = replace(shown, figures=tuple(dict.fromkeys((*shown.figures, *others))))
        _pass_over(again)
        left = sum(len(words.split()) for words in again.left())
        if best is None or left < best[0]:
            best = (left, again, shown)
        if not left:
            break
    return (text, None) if best is None else best[1:]


def _read(text: Text, measure: Measure, over: Measure | None, lexicon: Lexicon, times: Times) -> Shown:
    widget = _widget(text)
    if not _is_number(measure):
        _pass_over(text, VALUES)
    measure = _by_the_second(text, measure)
    if over is not None:
        measure = replace(measure, labels=measure.labels & over.labels)
    chosen = Chosen()
    labels = labels_of(measure.labels)
    read_conditions(text, labels, chosen)
    read_grouping(text, labels, chosen)
    ranked = any(word in (*TOP, *BOTTOM) for word in text.plain)
    read_plain_grouping(text, labels, chosen, ranked=ranked)
    read_values(text, measure, lexicon, labels, chosen)
    rank = rank_in(text) if chosen.by else None
    statistic = _statistic(text)
    if chosen.compared and not chosen.by and _puts_beside(text):
        chosen.by.append(chosen.compared)
    number = any(phrase in " ".join(text.plain) for phrase in NUMBER)
    wanted = Wanted(measure, chosen, times, statistic, widget, rank.count if rank else 0,
                    rank.lowest if rank else False, number or times.now, over)  # fmt: skip
    return built(text, wanted)


def _by_the_second(text: Text, measure: Measure) -> Measure:
    """`rate of orders`, and `rate(…)` as others write it, of what is counted."""
    for place, word in enumerate(text.plain):
        if _counts(measure) and word == "rate" and text.is_free(place, place + 1):
            text.take(place, place + 1, "a second")
            return replace(measure, rate=True)
    return measure


def _counts(measure: Measure) -> bool:
    """Whether it says how often something was."""
    if measure.metric is not None:
        return measure.metric.kind in ("total", "increments")
    return measure.kind in ("requests", "errors")


def _is_number(measure: Measure) -> bool:
    """Whether it says how many there were of something, which is not what they were worth."""
    unit = FIGURES[measure.name].unit if measure.kind == "figure" else ""
    return _counts(measure) or (unit.isalpha() and unit != MS)


def _puts_beside(text: Text) -> bool:
    return any(word in ("vs", "versus", "compare", "compared", "against", "and") for word in text.plain)


def _widget(text: Text) -> str:
    for start, end in text.windows(2):
        kind = WIDGETS.get(text.heard(start, end))
        if kind is not None and not (start and text.plain[start - 1] in ("by", "per", "each", "which")):
            text.take(text.before(start, ("as", "a", "in", "an", "the")), end, f"shown as {kind.replace('_', ' ')}")
            return kind
    return ""


def _statistic(text: Text) -> Statistic | None:
    for place, word in enumerate(text.plain):
        if not text.is_free(place, place + 1):
            continue
        if (quantile := _quantile(text, place)) is not None:
            end, share = quantile
            text.take(place, end, _lying_below(share))
            return Statistic("quantile", share)
        if word in STATISTICS:
            text.take(place, place + 1, _said(word, STATISTICS[word]))
            return STATISTICS[word]
    return None


def _said(word: str, statistic: Statistic) -> str:
    if word == "median":
        return "the median"
    return f"the {statistic.name}" if statistic.name != "quantile" else _lying_below(statistic.share)


def _lying_below(share: float) -> str:
    return f"the value that {share * 100:g} % lie below"


def _quantile(text: Text, place: int) -> tuple[int, float] | None:
    """`p95`, `95th percentile`, `percentile 99`, `quantile 0.5`."""
    word = text.plain[place]
    if word[0] == "p" and word[1:].replace(".", "", 1).isdecimal():
        digits = word[1:]
        share = float(digits) / 100 if "." in digits or len(digits) <= 2 else float(f"0.{digits}")
        return (place + 1, share) if 0 < share < 1 else None
    after = place + 1
    if word in ("quantile", "histogram_quantile") and text.is_free(after, after + 1):
        share = _fraction(text.plain[after])
        return (after + 1, share) if 0 < share < 1 else None
    number = word.removesuffix("th").removesuffix("st").removesuffix("nd").removesuffix("rd")
    if word == "percentile" and text.is_free(after, after + 1) and text.plain[after].isdecimal():
        return after + 1, float(text.plain[after]) / 100
    if number.isdecimal() and text.is_free(after, after + 1) and singular(text.plain[after]) == "percentile":
        return after + 1, float(number) / 100
    return None


def _fraction(word: str) -> float:
    return float(word) if word.replace(".", "", 1).isdecimal() and word.isascii() else 0.0


def _suggestions(left: list[str], lexicon: Lexicon) -> list[str]:
    """Names that are like words which were not understood."""
    if not left:
        return []
    names = {key_of(name): name for name in lexicon.names()}
    found: list[str] = []
    single = (word for words in left for word in words.split())
    for said in dict.fromkeys([*left, *single][:MOST_SUGGESTED_FOR]):
        close = difflib.get_close_matches(key_of(said), names, n=2, cutoff=LIKE)
        found += [names[each] for each in close if names[each] not in found]
    return found[:MOST_SUGGESTIONS]
