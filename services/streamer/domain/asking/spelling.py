"""Words that were cut short or misspelt, as they were meant where that can only be one word."""

from collections.abc import Mapping
from functools import lru_cache

from services.streamer.domain.asking import asking_words, rows, selecting, times
from services.streamer.domain.asking.measures import Lexicon
from services.streamer.domain.asking.words import Text, key_of, singular

SHORTEST, SHORTEST_VALUE = 4, 6
_SHORT: Mapping[str, str] = {
    "lat": "latency", "err": "error", "errs": "errors", "svc": "service", "svcs": "services", "mem": "memory",
    "req": "request", "reqs": "requests", "resp": "response", "temp": "temperature", "conn": "connection",
    "conns": "connections", "pct": "percent", "proc": "process", "procs": "processes", "db": "database",
    "msg": "message", "msgs": "messages", "crit": "critical",
}  # fmt: skip
_MEANT = (*asking_words.MEANT, *rows.MEANT, *times.MEANT)
_SAID = (*rows.SAID, *selecting.SAID, *times.SAID)


class Spelling:
    """What can be meant: words of the grammar that say something, of names, and values. Costs something to make."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._near: dict[tuple[str, int], set[str]] = {}
        # What says nothing is never meant: it would be passed over, and nobody would be told.
        self._written = {singular(word): word for word in asking_words.FILLERS}
        for word in (singular(word) for phrase in _MEANT for word in phrase.split()):
            self._learn(word, SHORTEST)
        known = lexicon.known
        named = {*known.metrics, *known.values, *known.event_types}
        named |= {label for metric in known.metrics.values() for label in metric.labels}
        for word in (word for name in (*lexicon.measures, *map(key_of, named)) for word in name.split()):
            self._learn(word, SHORTEST)
        for values in known.values.values():
            for value in values:
                self._learn(value.casefold(), SHORTEST_VALUE)
        parts = (part for values in known.values.values() for value in values for part in key_of(value).split())
        for word in (*parts, *(word for phrase in _SAID for word in phrase.split())):
            self._written.setdefault(singular(word), word)

    def meant(self, word: str) -> str:
        """The word that is meant; itself where that is known, or not certain."""
        if (key := singular(word)) in self._written or not word.isalpha():
            return word
        if word in _SHORT:
            return _SHORT[word]
        lengths = range(len(key) - 1, len(key) + 2) if len(key) >= SHORTEST else ()
        near = [one for length in lengths for one in self._near.get((key[:1], length), ()) if _is_slip(key, one)]
        if len(near) != 1:
            return word
        written = self._written[near[0]]
        return f"{written}s" if written == near[0] and key != word else written

    def _learn(self, word: str, shortest: int) -> None:
        key = singular(word)
        if key in self._written:
            return
        self._written[key] = word
        if key.isalpha() and len(key) >= shortest:
            self._near.setdefault((key[0], len(key)), set()).add(key)


def _is_slip(typed: str, meant: str) -> bool:
    """Whether one letter too many, too few, another one, or two that changed places make the one of the other."""
    if len(typed) > len(meant):
        typed, meant = meant, typed
    start = next((place for place, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), len(typed))
    if len(typed) < len(meant):
        return typed[start:] == meant[start + 1 :]
    swapped = typed[start + 1 : start + 2] + typed[start : start + 1]
    return typed[start + 1 :] == meant[start + 1 :] or swapped + typed[start + 2 :] == meant[start:]


def respelt(text: Text, lexicon: Lexicon) -> Text:
    """The same text, read as it was meant; what it says in quotes stays."""
    spelling = spelling_of(lexicon)
    plain = [
        word if written.startswith('"') else spelling.meant(word)
        for word, written in zip(text.plain, text.words, strict=True)
    ]
    return Text(text.words, plain)


@lru_cache(maxsize=16)
def spelling_of(lexicon: Lexicon) -> Spelling:
    """That of a lexicon; made once while it is kept."""
    return Spelling(lexicon)
