"""Which series are meant, and what stays apart: labels and their values."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.core.matching import Matcher, Operator
from services.streamer.domain.asking.measures import Lexicon, Measure
from services.streamer.domain.asking.words import Text, joined_of, singular

LONGEST_VALUE = 4
_BY = ("by", "per", "across", "among", "between")
_EACH = ("each", "every")
_WHICH = ("which", "what", "top", "bottom")
_BESIDE = ("vs", "versus", "against", "compare", "compared", "with", "to")
_NOT = ("not", "except", "without", "excluding", "but", "ignoring", "besides")
_NOT_FILLED = ("for", "from", "than", "the", "of")
_LEADING = ("of", "for", "in", "on", "from", "to", "at", "the", "only", "just", "service", "services")
_SIGNS: Mapping[str, Operator] = {
    "=": Operator.EQUAL, "is": Operator.EQUAL, "equals": Operator.EQUAL, "named": Operator.EQUAL,
    "called": Operator.EQUAL, "!=": Operator.NOT_EQUAL, "=~": Operator.MATCHES, "!~": Operator.NOT_MATCHES,
}  # fmt: skip
_NO_VALUES = frozenset({
    "the", "a", "an", "of", "for", "in", "on", "at", "to", "by", "per", "and", "or", "all", "any", "is", "are", "me",
    "my", "last", "total", "max", "min", "rate",
})  # fmt: skip
_RANKS = frozenset({
    "slowest", "fastest", "busiest", "quietest", "worst", "best", "highest", "lowest", "most", "least", "slow", "fast",
})  # fmt: skip
_ESCAPED = frozenset(r"\.+*?()|[]{}^$")

SAID = (*_BY, *_EACH, *_WHICH, *_BESIDE, *_NOT, *_NOT_FILLED, *_LEADING, *_SIGNS, "grouped", "split", "broken", "down")
"""All words that are looked for here."""


@dataclass(slots=True)
class Chosen:
    """Labels that stay apart, and values that are wanted or not, by label."""

    by: list[str] = field(default_factory=list)
    matchers: list[Matcher] = field(default_factory=list)
    compared: str = ""
    """The label whose values were put beside each other."""


def labels_of(names: Iterable[str]) -> dict[str, str]:
    """Labels by how people write them."""
    return {singular(joined_of(name)): name for name in sorted(names, reverse=True)}


def read_grouping(text: Text, labels: Mapping[str, str], chosen: Chosen) -> None:
    """`by service and endpoint`, `per host`, `for each region`, `broken down by level`."""
    for place in range(len(text)):
        if not text.is_free(place, place + 1) or text.plain[place] not in (*_BY, *_EACH):
            continue
        end, start = place + 1, text.before(place, ("grouped", "split", "broken", "down", "for", "group", "separated"))
        found: list[str] = []
        while (read := _label(text, end, labels)) is not None:
            end, label = read
            found.append(label)
            if text.is_free(end, end + 1) and text.plain[end] in ("and", "by"):
                if _label(text, end + 1, labels) is None:
                    break
                end += 1
        if found:
            chosen.by += [label for label in found if label not in chosen.by]
            text.take(start, end, f"apart by {' and '.join(found)}")


def read_plain_grouping(text: Text, labels: Mapping[str, str], chosen: Chosen, *, ranked: bool) -> None:
    """`which service`, `top 5 endpoints`, `services with the most errors`: a label of which no value is named."""
    for place in range(len(text)):
        read = _label(text, place, labels)
        if read is None or _is_sign(text, read[0]):
            continue
        end, label = read
        led = place > 0 and text.plain[place - 1] in _WHICH
        plural = text.plain[end - 1] != singular(text.plain[end - 1])
        if (ranked or led or plural) and label not in chosen.by:
            chosen.by.append(label)
            text.take(text.before(place, ("which", "what", "all", "the", "of", "across")), end, f"apart by {label}")


def _label(text: Text, place: int, labels: Mapping[str, str]) -> tuple[int, str] | None:
    """A label that is named from a place on: where that ends, and its name."""
    while text.is_free(place, place + 1) and text.plain[place] in ("the", "each", "every"):
        place += 1
    for length in (3, 2, 1):
        words = [joined_of(word) for word in text.plain[place : place + length]]
        if text.is_free(place, place + length) and all(words):
            name = labels.get(singular("".join(words)))
            if name is not None:
                return place + length, name
    return None


def _is_sign(text: Text, place: int) -> bool:
    """`is checkout`, `= checkout`; not that of `which service is the slowest`."""
    if not text.is_free(place, place + 1) or text.plain[place] not in _SIGNS:
        return False
    word = text.plain[place + 1] if place + 1 < len(text) else ""
    return text.plain[place] != "is" or not (word in _NO_VALUES or word in _RANKS)


def read_conditions(text: Text, labels: Mapping[str, str], chosen: Chosen) -> None:
    """`service = checkout`, `region is "eu west"`, `path =~ /api.*`: of any value, known or not."""
    for place in range(len(text)):
        read = _label(text, place, labels)
        if read is None:
            continue
        sign, label = read
        if not text.is_free(sign, sign + 2) or not _is_sign(text, sign):
            continue
        operator, value = _SIGNS[text.plain[sign]], text.words[sign + 1].strip('"')
        if operator is Operator.EQUAL and text.plain[sign + 1] == "not" and text.is_free(sign + 2, sign + 3):
            operator, value, sign = Operator.NOT_EQUAL, text.words[sign + 2].strip('"'), sign + 1
        chosen.matchers.append(Matcher(label, operator, value))
        start = text.before(place, ("where", "with", "when", "for", "and", "of", "in"))
        text.take(start, sign + 2, f"{label}{operator.value}{value}")


def read_values(text: Text, measure: Measure, lexicon: Lexicon, labels: Mapping[str, str], chosen: Chosen) -> None:
    """Values that are known: `checkout`, `not search`, `checkout and payments`, `product catalog`."""
    wanted: dict[str, list[str]] = {}
    unwanted: dict[str, list[str]] = {}
    refused_until = -1
    for start, end, label, value in _found(text, sorted(measure.labels, reverse=True), lexicon):
        written = tuple(one for one, name in labels.items() if name == label)
        begin = text.before(start, _LEADING + written)
        negated = text.before(begin, _NOT + _NOT_FILLED)
        refused = any(word in _NOT for word in text.plain[negated:begin])
        # `not search and cart` means neither.
        goes_on = refused_until == start - 1 and text.plain[start - 1] in ("and", "or", "nor")
        if text.is_free(end, end + 1) and singular(text.plain[end]) in written:
            end += 1
        if refused or goes_on:
            begin, refused_until = (negated if refused else start), end
        (unwanted if refused or goes_on else wanted).setdefault(label, []).append(value)
        text.take(begin, end, f"{label} is {'not ' if refused or goes_on else ''}{value}")
    for label, values in wanted.items():
        chosen.matchers.append(_matcher(label, values, Operator.EQUAL, Operator.MATCHES))
        if len(values) > 1:
            chosen.compared = label
            _take_all(text, _BESIDE)
    for label, values in unwanted.items():
        chosen.matchers.append(_matcher(label, values, Operator.NOT_EQUAL, Operator.NOT_MATCHES))


def _take_all(text: Text, words: Collection[str]) -> None:
    for place, word in enumerate(text.plain):
        if text.is_free(place, place + 1) and word in words:
            text.take(place, place + 1, "")


def _found(text: Text, labels: Sequence[str], lexicon: Lexicon) -> list[tuple[int, int, str, str]]:
    """Stretches that are values, the longest first where they overlap, in the order of the text."""
    found: dict[int, tuple[int, int, str, str]] = {}
    for start, end in text.windows(LONGEST_VALUE):
        if any(start < one[1] and one[0] < end for one in found.values()):
            continue
        if end - start == 1 and _is_no_value(text.plain[start]):
            continue
        written = text.heard(start, end)
        exact = [label for label in labels if (value := lexicon.value(label, written)) and value.casefold() == written]
        for label in (*exact, *labels):
            if (value := lexicon.value(label, written)) is not None:
                found[start] = (start, end, label, value)
                break
    return [found[start] for start in sorted(found)]


def _is_no_value(word: str) -> bool:
    return word in _NO_VALUES or (word.isdecimal() and len(word) < 3)


def _matcher(label: str, values: Collection[str], one: Operator, several: Operator) -> Matcher:
    if len(values) == 1:
        return Matcher(label, one, *values)
    return Matcher(label, several, "|".join(_escaped(value) for value in sorted(values)))


def _escaped(value: str) -> str:
    return "".join(f"\\{sign}" if sign in _ESCAPED else sign for sign in value)
