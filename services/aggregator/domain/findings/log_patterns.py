"""Finds what log lines have in common: templates in which `<*>` stands for what varies.

Messages come masked: what varies by its form is `<*>` already. Those of equal length in words are put together when at
least half of what is constant is the same; then each group is told apart again where one place has just two different
words, or where the words of two places go with each other. Words of any other place with several are a variable.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.logs import MaskedLines

VARIABLE = "<*>"
ALIKE = 0.5
# Beyond so many groups messages are no templates at all; each stays by itself.
MAX_GROUPS = 1_000
LISTED_SERVICES = 20
# Words that go with each other tell templates apart when each is there so often; rarer ones may do so by chance.
OFTEN = 10

Words = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class LogPattern:
    """A template with its lines; times in microseconds since the Unix epoch, `levels` maps a level to its lines."""

    template: str
    count: int
    sample: str
    first_us: int
    last_us: int
    levels: dict[int, int]
    services: tuple[str, ...]


def log_patterns(lines: Sequence[MaskedLines]) -> list[LogPattern]:
    """The patterns of lines, the most frequent first; lines come the most frequent first."""
    by_length: dict[int, list[tuple[MaskedLines, list[str]]]] = {}
    for line in lines:
        words = line.message.split()
        by_length.setdefault(len(words), []).append((line, words))
    by_template: dict[str, list[MaskedLines]] = {}
    for alike in by_length.values():
        table = _Table([words for _line, words in alike], [line.count for line, _words in alike])
        for rows, variable in table.groups():
            members = by_template.setdefault(table.template(rows, variable), [])
            members.extend(alike[row][0] for row in rows)
    found = [_pattern(template, members) for template, members in by_template.items()]
    return sorted(found, key=lambda one: (-one.count, one.template))


def _pattern(template: str, members: Sequence[MaskedLines]) -> LogPattern:
    levels: dict[int, int] = {}
    for line in members:
        for level, count in line.levels.items():
            levels[level] = levels.get(level, 0) + count
    services = sorted({service for line in members for service in line.services})
    return LogPattern(
        template,
        sum(line.count for line in members),
        members[0].sample,
        min(line.first_us for line in members),
        max(line.last_us for line in members),
        dict(sorted(levels.items())),
        tuple(services[:LISTED_SERVICES]),
    )


class _Table:
    """Messages of one length as numbers of words: a row for each message, a column for each place."""

    def __init__(self, messages: Sequence[Sequence[str]], counts: Sequence[int]) -> None:
        self._messages = messages
        numbers: dict[str, int] = {}
        flat = [numbers.setdefault(word, len(numbers)) for words in messages for word in words]
        self._words = np.array(flat, np.int64).reshape(len(messages), -1)
        self._masked = np.array([VARIABLE in word for word in numbers] or [False])
        self._counts = np.array(counts, np.int64)

    def groups(self) -> Iterable[tuple[Rows, frozenset[int]]]:
        """Rows that are of one template, and the places where they vary."""
        left = np.arange(len(self._messages))
        for _group in range(MAX_GROUPS):
            if not len(left):
                return
            alike = self._alike(left)
            yield from self._refined(left[alike], frozenset())
            left = left[~alike]
        yield from ((np.array([row]), frozenset()) for row in left)

    def _alike(self, left: Rows) -> npt.NDArray[np.bool_]:
        """Which rows are like the first of them."""
        first = self._words[left[0]]
        constant = ~self._masked[first] if len(first) else np.zeros(0, np.bool_)
        same = self._words[left] == first
        if not constant.any():
            return np.asarray(same.all(axis=1))
        alike = same[:, constant].sum(axis=1) >= ALIKE * constant.sum()
        return np.asarray(alike)

    def _refined(self, rows: Rows, variable: frozenset[int]) -> Iterable[tuple[Rows, frozenset[int]]]:
        """A group as it is, or in parts; what varied in the whole varies in its parts."""
        words = self._words[rows]
        several = [place for place in range(words.shape[1]) if (words[:, place] != words[0, place]).any()]
        masked = {place for place in several if self._masked[words[:, place]].any()}
        open_places = [place for place in several if place not in masked and place not in variable]
        at = self._place_to_part(rows, open_places, len(several) == words.shape[1])
        if at is None:
            yield rows, variable | set(several)
            return
        varies = variable | masked | {place for place in open_places if len(np.unique(words[:, place])) > 2}
        for word in dict.fromkeys(words[:, at].tolist()):
            yield from self._refined(rows[words[:, at] == word], frozenset(varies - {at}))

    def _place_to_part(self, rows: Rows, places: Sequence[int], nothing_constant: bool) -> int | None:
        """The place whose words tell templates apart."""
        columns = {place: np.unique(self._words[rows, place], return_inverse=True)[1] for place in places}
        sizes = {place: int(column.max()) + 1 for place, column in columns.items()}
        for place in places:
            if sizes[place] == 2 or self._goes_with_another(rows, place, columns, sizes):
                return place
        return min(places, key=sizes.__getitem__) if nothing_constant and places else None

    def _goes_with_another(
        self, rows: Rows, place: int, columns: dict[int, npt.NDArray[np.intp]], sizes: dict[int, int]
    ) -> bool:
        size, column = sizes[place], columns[place]
        if np.bincount(column, self._counts[rows]).min() < OFTEN:
            return False
        others = (columns[other] for other in columns if other != place and sizes[other] == size)
        return any(len(np.unique(column * size + other)) == size for other in others)

    def template(self, rows: Rows, variable: frozenset[int]) -> str:
        """The words of a group, with `<*>` where they vary."""
        words = list(self._messages[rows[0]])
        for place in variable:
            found = {self._messages[row][place] for row in rows}
            words[place] = _varied(found) if len(found) > 1 else words[place]
        return " ".join(words)


_START = re.compile(r"""(?s).*[=:(\[{"']""")
_END = re.compile(r"""(?s)[,;.:)\]}"'].*""")


def _varied(words: set[str]) -> str:
    """What several words have in common at their ends, as `user=<*>,`; up to a sign that is part of no word."""
    start = _START.match(_shared(words))
    begun = start.group() if start else ""
    rests = {word[len(begun) :][::-1] for word in words}
    end = _END.search(_shared(rests)[::-1])
    return begun + VARIABLE + (end.group() if end else "")


def _shared(words: set[str]) -> str:
    """What all words begin with: what the least and the greatest of them begin with."""
    least, greatest = min(words), max(words)
    size = next((n for n, (one, other) in enumerate(zip(least, greatest, strict=False)) if one != other), len(least))
    return least[:size]
