"""What is measured, as people call it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from services.core.conventions import (
    DATABASE_CONNECTIONS,
    DURATION_METRICS,
    ENDPOINT_LABEL,
    LATENCY,
    SERVICE_LABEL,
    SYSTEM_CPU,
    SYSTEM_MEMORY,
    SYSTEM_RECEIVE,
    SYSTEM_TRANSMIT,
)
from services.streamer.domain.asking.words import Text, joined_of, key_of, singular
from services.streamer.domain.dashboards.figures import FIGURES, MS, Figure
from services.streamer.ports.catalogue import Known, Metric

Kind = Literal["requests", "errors", "error rate", "success rate", "latency", "figure", "metric"]
LONGEST_PHRASE, LONGEST_PARTLY, SHORTEST_WORD, MOST_PARTLY = 8, 4, 3, 5
TRAFFIC_LABELS = frozenset({SERVICE_LABEL, ENDPOINT_LABEL})


@dataclass(frozen=True, slots=True)
class Measure:
    """What is asked for. `name` is that of a figure, `metric` a metric; `rate` where it is meant by the second."""

    kind: Kind
    words: str
    name: str = ""
    metric: Metric | None = None
    rate: bool = False
    labels: frozenset[str] = field(default_factory=frozenset)


_TRAFFIC: Mapping[Kind, tuple[str, ...]] = {
    "error rate": (
        "error rate", "failure rate", "error percentage", "error ratio", "percentage of error", "rate of error",
        "share of error", "share of failed request", "percentage of failed request", "failing share", "error percent",
        "percent of failed request", "fraction of failed request", "error %", "% of error", "how many percent fail",
    ),
    "success rate": ("success rate", "share of successful request", "percentage of successful request"),
    "requests": (
        "request", "number of request", "request count", "hit", "incoming request", "http request", "request volume",
        "call",
    ),
    "errors": (
        "error", "number of error", "error count", "failure", "failed request", "failing request", "5xx", "exception",
        "server error", "fail", "failing", "failed",
    ),
    "latency": (
        "latency", "response time", "request duration", "duration of request", "how slow", "how long", "request time",
        "duration", "slowness", "time to respond", "speed", "slow", "how long request", "how slow request",
        "how long call",
    ),
}  # fmt: skip
_RATES = (
    "request rate", "throughput", "traffic", "rps", "qps", "load", "request per second", "rate of request", "how busy",
)  # fmt: skip
_SAME_METRIC: Mapping[str, str] = {
    "system_cpu_usage": SYSTEM_CPU,
    "system_memory_usage": SYSTEM_MEMORY,
    "network_receive_bytes_per_second": SYSTEM_RECEIVE,
    "network_transmit_bytes_per_second": SYSTEM_TRANSMIT,
    "database_connections": DATABASE_CONNECTIONS,
}
_UNITS = frozenset({"total", "byte", "second", "celsius", "percent", "count", "m", "ms", "sum", "ratio", "millisecond"})
_WITHIN = frozenset({
    "were", "was", "are", "is", "the", "have", "has", "been", "being", "got", "that", "our", "did", "do", "does", "we",
    "they", "you", "i",
})  # fmt: skip
_BESIDE = ("vs", "versus", "and", "against")
_DIVIDED = (("/",), ("divided", "by"), ("divided", "through"))
_DIVISIBLE = ("requests", "errors", "latency", "metric")
_IMPLYING: Mapping[str, Kind] = {
    "slowest": "latency", "fastest": "latency", "slower": "latency", "faster": "latency",
    "percentile": "latency", "histogram_quantile": "latency",
    "busiest": "requests", "top": "requests",
}  # fmt: skip


def measures(known: Known) -> dict[str, Measure]:
    """Everything that can be asked for, by the keys of its names; where two have one, what is here later has it."""
    found: dict[str, Measure] = {}
    for name, figure in FIGURES.items():
        for words in figure.words:
            found[key_of(words)] = _figure(name, figure, known)
    sent = _sent_by_key(known)
    for key, measure in sent.items():
        found[_without_unit(key)] = measure
    found |= sent
    # A figure holds what metrics of its name bring, and more.
    for name, figure in FIGURES.items():
        found[key_of(name)] = _figure(name, figure, known)
    for kind, phrases in _TRAFFIC.items():
        for words in phrases:
            found[key_of(words)] = Measure(kind, kind, labels=TRAFFIC_LABELS)
    for words in _RATES:
        found[key_of(words)] = Measure("requests", "requests", rate=True, labels=TRAFFIC_LABELS)
    # That of a name without any letter that is looked at.
    found.pop("", None)
    return found


def _sent_by_key(known: Known) -> dict[str, Measure]:
    return {key_of(metric.name): _sent(metric) for metric in known.metrics.values()}


def _sent(metric: Metric) -> Measure:
    return Measure("metric", metric.name, metric=metric, labels=metric.labels)


def _without_unit(key: str) -> str:
    """A name as people say it: `orders_total` is about orders."""
    words = key.split()
    while len(words) > 1 and words[-1] in _UNITS:
        words.pop()
    return " ".join(words)


def _figure(name: str, figure: Figure, known: Known) -> Measure:
    """A figure; or the metric that it is made of alone, of which more can be asked."""
    metric = known.metrics.get(_SAME_METRIC.get(name, ""))
    if metric is not None:
        return Measure("metric", metric.name, metric=metric, labels=metric.labels)
    return Measure("figure", name, name=name, labels=frozenset({figure.label} - {""}))


@dataclass(frozen=True, slots=True)
class Found:
    """A measure, and the words that name it; none where they say more than that."""

    measure: Measure
    start: int = 0
    end: int = 0

    def take(self, text: Text) -> None:
        """The words mean it."""
        if self.start < self.end:
            text.take(self.start, self.end, _meaning(self.measure))


class Lexicon:
    """Everything that a tenant can ask for, by how people call it. Costs something to make."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.measures = measures(known)
        self.sent = _sent_by_key(known)
        self._values: dict[str, Mapping[str, str]] = {}
        self._holding: dict[str, set[str]] = {}
        # What latency is made of is meant by its own names, as a whole.
        for name in known.metrics.keys() - {LATENCY, *DURATION_METRICS}:
            for word in key_of(name).split():
                self._holding.setdefault(word, set()).add(name)

    def value(self, label: str, written: str) -> str | None:
        """The value of a label that is written so, or so but for what joins its words."""
        if label not in self._values:
            values = self.known.values.get(label, ())
            self._values[label] = {joined_of(one): one for one in values} | {one.casefold(): one for one in values}
        found = self._values[label]
        return found.get(written) or found.get(joined_of(written) or " ")

    def partly(self, words: Sequence[str]) -> Sequence[Metric]:
        """Metrics that have all these words in their names, those with the fewest other words first."""
        names = set.intersection(*(self._holding.get(word, set()) for word in words))
        nearest = sorted(names, key=lambda name: (len(key_of(name).split()), name))
        return [self.known.metrics[name] for name in nearest[:MOST_PARTLY]]

    def names(self) -> Iterator[str]:
        """Every name there is."""
        yield from self.measures
        for label, values in self.known.values.items():
            yield label
            yield from values


@lru_cache(maxsize=16)
def lexicon_of(known: Known) -> Lexicon:
    """That of what is known; made once while it is kept."""
    return Lexicon(known)


def measures_in(text: Text, lexicon: Lexicon) -> Iterator[Found]:
    """What a text may ask for: names as they were sent, then the longest names, then names of which words are said."""
    sent = lexicon.known.metrics
    for place, word in enumerate(text.plain):
        if text.is_free(place, place + 1) and word in sent and not word.isalpha():
            yield Found(_sent(sent[word]), place, place + 1)
    for start, end in text.windows(LONGEST_PHRASE):
        key = _key(text, start, end)
        measure = lexicon.measures.get(key) or lexicon.measures.get(_key(text, start, end, _WITHIN))
        if measure is None or text.words[start].startswith('"'):
            continue
        yield Found(measure, start, end)
        # Of requests and latency as they were sent there may be more labels.
        if key in lexicon.sent and measure.kind not in ("metric", "figure"):
            yield Found(lexicon.sent[key], start, end)
    if (measure := _implied(text)) is not None:
        yield from (Found(figure) for figure in _slow(text, lexicon))
        yield Found(measure)
    for start, end in text.windows(LONGEST_PARTLY):
        words = [key_of(word) for word in text.plain[start:end]]
        if all(len(word) >= SHORTEST_WORD for word in words):
            yield from (Found(_sent(metric), start, end) for metric in lexicon.partly(words))


def _key(text: Text, start: int, end: int, without: Collection[str] = ()) -> str:
    """The key of a stretch; without words that may stand within a name."""
    words = text.plain[start:end]
    if words[0] in without or words[-1] in without:
        return ""
    return " ".join(key_of(word) for word in words if word not in without)


def _implied(text: Text) -> Measure | None:
    """`slowest endpoints` and `p99 of checkout` ask for latency, `top 5 endpoints` for requests.

    The words stay, for they say more.
    """
    said = [word for word in _IMPLYING if word in text.plain]
    if said[:1] == ["top"] and not any(singular(word) in TRAFFIC_LABELS for word in text.plain):
        return None
    quantile = any(word[0] == "p" and word[1:].isdecimal() for word in text.plain)
    kind: Kind | None = _IMPLYING[said[0]] if said else "latency" if quantile else None
    return Measure(kind, kind, labels=TRAFFIC_LABELS) if kind else None


_SLOW = frozenset(word for word, kind in _IMPLYING.items() if kind == "latency")


def _slow(text: Text, lexicon: Lexicon) -> Iterator[Measure]:
    """`slowest integration`: the figure of time that is told apart by what is named."""
    labels = {singular(word) for word in text.plain} - TRAFFIC_LABELS
    for name, figure in FIGURES.items():
        if figure.unit == MS and figure.label in labels and _SLOW & {*text.plain}:
            yield lexicon.measures[key_of(name)]


def beside_in(text: Text, first: Found, lexicon: Lexicon) -> Iterator[Found]:
    """Figures put beside the first one: `purchases vs searches`, `messages sent and received`. They are taken."""
    end, shared = first.end, " ".join(text.plain[first.start : first.end - 1])
    while first.measure.kind == "figure" and text.is_free(end, end + 2) and text.plain[end] in _BESIDE:
        found = _figure_at(text, end + 1, shared, lexicon)
        if found is None or FIGURES[found.measure.name].unit != FIGURES[first.measure.name].unit:
            return
        text.take(end, end + 1, "")
        found.take(text)
        end = found.end
        yield found


def over_in(text: Text, first: Found, lexicon: Lexicon) -> Measure | None:
    """What the first one is divided by: `errors / requests`, `cache hits divided by cache misses`. It is taken."""
    for sign in _DIVIDED:
        end = first.end + len(sign)
        if tuple(text.plain[first.end : end]) == sign and text.is_free(first.end, end):
            for until in range(min(end + LONGEST_PHRASE, len(text)), end, -1):
                measure = lexicon.measures.get(_key(text, end, until))
                if measure is not None and measure.kind in _DIVISIBLE and text.is_free(end, until):
                    text.take(first.end, until, f"divided by {_meaning(measure)}")
                    return measure
    return None


def _figure_at(text: Text, start: int, shared: str, lexicon: Lexicon) -> Found | None:
    """The figure of the longest name from a place on, whole or but for the words it shares with the one before it."""
    for end in range(min(start + LONGEST_PHRASE, len(text)), start, -1):
        for key in (_key(text, start, end), key_of(f"{shared} {text.heard(start, end)}")):
            measure = lexicon.measures.get(key)
            if measure is not None and measure.kind == "figure" and text.is_free(start, end):
                return Found(measure, start, end)
    return None


def _meaning(measure: Measure) -> str:
    if measure.kind == "figure":
        return f"the figure {measure.name}"
    if measure.kind == "metric":
        return f"the metric {measure.words}"
    return f"the {measure.kind}" + (" by the second" if measure.rate else "")
