"""From words to a widget."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

from services.streamer.domain.asking.asked import Asked, Shown
from services.streamer.domain.asking.building import Statistic, Wanted, built
from services.streamer.domain.asking.measures import Lexicon, Measure, latency_metric, lexicon_of, measures_in
from services.streamer.domain.asking.rows import rows_in
from services.streamer.domain.asking.selecting import (
    Chosen,
    labels_of,
    read_conditions,
    read_grouping,
    read_plain_grouping,
    read_values,
)
from services.streamer.domain.asking.times import Times, times_in
from services.streamer.domain.asking.words import Text, key_of, singular
from services.streamer.ports.catalogue import Known

MOST_SUGGESTIONS, MOST_SUGGESTED_FOR, LIKE, MOST_READINGS = 5, 4, 0.7, 20
_FILLERS = frozenset({
    "a", "an", "the", "of", "in", "on", "at", "for", "to", "from", "me", "us", "my", "our", "we", "i", "you",
    "please", "show", "give", "get", "plot", "draw", "graph", "chart", "display", "tell", "see", "what", "whats",
    "is", "are", "was", "were", "be", "been", "do", "does", "did", "how", "many", "much", "it", "its", "with", "and",
    "or", "over", "time", "all", "that", "which", "who", "there", "per", "by", "as", "has", "have", "had", "want",
    "need", "like", "look", "looks", "find", "list", "compare", "compared", "trend", "course", "history", "value",
    "values", "count", "into", "across", "current", "number", "one", "ones",
    "going", "go", "goes", "happening", "happen", "made", "make", "takes", "take", "any", "during", "so", "can",
    "could", "would", "using", "used", "uses", "use", "right",
})  # fmt: skip
_STATISTICS: Mapping[str, Statistic] = {
    **dict.fromkeys(("average", "avg", "mean", "typical"), Statistic("average")),
    **dict.fromkeys(
        ("maximum", "max", "peak", "highest", "greatest", "largest", "worst", "biggest"), Statistic("maximum")
    ),
    **dict.fromkeys(("minimum", "min", "lowest", "smallest", "least"), Statistic("minimum")),
    **dict.fromkeys(("total", "sum", "combined", "overall", "altogether"), Statistic("sum")),
    **dict.fromkeys(("increase", "growth", "grown"), Statistic("increase")),
    "median": Statistic("quantile", 0.5),
}  # fmt: skip
_TOP = ("top", "most", "highest", "busiest", "slowest", "worst", "greatest", "largest", "biggest")
_BOTTOM = ("bottom", "least", "lowest", "fewest", "fastest", "smallest", "quietest", "best")
_WIDGETS: Mapping[str, str] = {
    "table": "table", "gauge": "gauge", "bar chart": "bar", "bars": "bar", "bar graph": "bar", "area chart": "area",
    "stacked": "stacked", "stacked chart": "stacked", "heat map": "heat_map", "heatmap": "heat_map",
    "histogram": "histogram", "distribution": "histogram", "line chart": "line", "line": "line", "lines": "line",
    "single number": "number", "big number": "number", "single value": "number", "area": "area", "toplist": "top_list",
    "top list": "top_list", "line graph": "line", "stacked area": "stacked", "bar": "bar",
}  # fmt: skip
_NUMBER = ("how many", "how much", "what is the", "what's the", "what was the", "whats the")


@dataclass(frozen=True, slots=True)
class Rank:
    """The series that rank first, or last."""

    count: int
    lowest: bool


def ask(asked: str, known: Known, now: float) -> Asked:
    """What a text asks for; `now` in unix seconds."""
    text, lexicon = Text.of(asked), lexicon_of(known)
    shown = rows_in(text, known)
    times = times_in(text, now)
    if shown is None:
        text, shown = _values(text, lexicon, times)
    _pass_over(text)
    left = text.left()
    return Asked(shown, times.span, text.parts(), left, _suggestions(left, lexicon))


def _pass_over(text: Text) -> None:
    """What remains of a sentence says nothing."""
    for place, word in enumerate(text.plain):
        if text.is_free(place, place + 1) and word in _FILLERS:
            text.take(place, place + 1, "")


def _values(text: Text, lexicon: Lexicon, times: Times) -> tuple[Text, Shown | None]:
    """The reading of a text that leaves the fewest words, and what it shows."""
    widget = _widget(text)
    best: tuple[int, Text, Shown] | None = None
    for found in islice(measures_in(text, lexicon), MOST_READINGS):
        again = text.again()
        found.take(again)
        shown = _read(again, found.measure, widget, lexicon, times)
        _pass_over(again)
        left = sum(len(words.split()) for words in again.left())
        if best is None or left < best[0]:
            best = (left, again, shown)
        if not left:
            break
    return (text, None) if best is None else best[1:]


def _read(text: Text, measure: Measure, widget: str, lexicon: Lexicon, times: Times) -> Shown:
    measure = _with_labels(measure, lexicon.known)
    chosen = Chosen()
    labels = labels_of(measure.labels)
    read_conditions(text, labels, chosen)
    read_grouping(text, labels, chosen)
    ranked = any(word in (*_TOP, *_BOTTOM) for word in text.plain)
    read_plain_grouping(text, labels, chosen, ranked=ranked)
    read_values(text, measure, lexicon, labels, chosen)
    rank = _rank(text) if chosen.by else None
    statistic = _statistic(text)
    if chosen.compared and not chosen.by and _puts_beside(text):
        chosen.by.append(chosen.compared)
    number = any(phrase in " ".join(text.plain) for phrase in _NUMBER)
    wanted = Wanted(measure, chosen, times, statistic, widget, rank.count if rank else 0,
                    rank.lowest if rank else False, number or times.now)  # fmt: skip
    return built(text, wanted, lexicon.known)


def _with_labels(measure: Measure, known: Known) -> Measure:
    """Of latency the labels of its metric; of all services together it is known without one."""
    metric = latency_metric(known)
    if measure.kind != "latency":
        return measure
    return replace(measure, metric=metric, labels=metric.labels if metric else frozenset())


def _puts_beside(text: Text) -> bool:
    return any(word in ("vs", "versus", "compare", "compared", "against", "and") for word in text.plain)


def _widget(text: Text) -> str:
    for start, end in text.windows(2):
        kind = _WIDGETS.get(text.heard(start, end))
        if kind is not None and not (start and text.plain[start - 1] in ("by", "per", "each", "which")):
            text.take(text.before(start, ("as", "a", "in", "an", "the")), end, f"shown as {kind.replace('_', ' ')}")
            return kind
    return ""


def _rank(text: Text) -> Rank | None:
    """`top 5`, `5 busiest`, `most`: the words count where there is something to rank."""
    for place, word in enumerate(text.plain):
        if not text.is_free(place, place + 1) or word not in (*_TOP, *_BOTTOM):
            continue
        start, end, count = place, place + 1, 0
        if text.is_free(end, end + 1) and text.plain[end].isdecimal():
            count, end = int(text.plain[end]), end + 1
        elif text.is_free(place - 1, place) and text.plain[place - 1].isdecimal():
            start, count = place - 1, int(text.plain[place - 1])
        lowest = word in _BOTTOM
        count = min(max(count, 0), 100) or 10
        text.take(start, end, f"the {count} {'least' if lowest else 'greatest'}")
        for other, said in enumerate(text.plain):
            if text.is_free(other, other + 1) and said in (*_TOP, *_BOTTOM):
                text.take(other, other + 1, "")
        return Rank(count, lowest)
    return None


def _statistic(text: Text) -> Statistic | None:
    for place, word in enumerate(text.plain):
        if not text.is_free(place, place + 1):
            continue
        if (quantile := _quantile(text, place)) is not None:
            end, share = quantile
            text.take(place, end, f"the value that {share * 100:g} % lie below")
            return Statistic("quantile", share)
        if word in _STATISTICS:
            text.take(place, place + 1, f"the {_STATISTICS[word].name}" if word != "median" else "the median")
            return _STATISTICS[word]
    return None


def _quantile(text: Text, place: int) -> tuple[int, float] | None:
    """`p95`, `95th percentile`, `percentile 99`."""
    word = text.plain[place]
    if word[0] == "p" and word[1:].replace(".", "", 1).isdecimal():
        digits = word[1:]
        share = float(digits) / 100 if "." in digits or len(digits) <= 2 else float(f"0.{digits}")
        return (place + 1, share) if 0 < share < 1 else None
    number, after = word.removesuffix("th").removesuffix("st").removesuffix("nd").removesuffix("rd"), place + 1
    if word == "percentile" and text.is_free(after, after + 1) and text.plain[after].isdecimal():
        return after + 1, float(text.plain[after]) / 100
    if number.isdecimal() and text.is_free(after, after + 1) and singular(text.plain[after]) == "percentile":
        return after + 1, float(number) / 100
    return None


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
