"""Which things have which labels: a condition is asked once for all values that differ, not for each thing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from services.alerting.ports.alerts import Labels
from services.core.matching import Matcher, Operator

CHANGED_SHARE = 16
"""All values are made ready again once more than one of so many has changed."""
Holds = npt.NDArray[np.bool_]


class Texts(Protocol):
    """Texts in order, ready to be asked again and again."""

    def matching(self, expression: str) -> Holds:
        """Which of them an expression of RE2 matches as a whole. Raises InvalidInput for one that is none."""

    def equal(self, text: str) -> Holds:
        """Which of them are this text."""


TextsOf = Callable[[Sequence[str]], Texts]


class LabelIndex:
    """Things, each with a number of its own, by the values of their labels."""

    def __init__(self, texts: TextsOf) -> None:
        self._texts = texts
        self._columns: dict[str, _Column] = {}

    def add(self, number: int, labels: Labels) -> None:
        """Find a thing by its labels from now on."""
        for name, value in labels:
            self._columns.setdefault(name, _Column()).put(number, value)

    def remove(self, number: int, labels: Labels) -> None:
        """Forget a thing that was added with these labels."""
        for name, _value in labels:
            if self._columns[name].remove(number):
                del self._columns[name]

    def holding(self, matcher: Matcher, count: int) -> Holds:
        """For which numbers below `count` a condition holds; a label that a thing lacks is an empty text.

        Raises as Texts does.
        """
        holds = np.full(count, _asked(matcher, self._texts([""]))[0])
        for part in self._columns.get(matcher.label, _Column()).parts(self._texts):
            holds[part.numbers] = _asked(matcher, part.texts)
        return holds


@dataclass(frozen=True, slots=True)
class _Part:
    """Numbers of things, and their values in the same order."""

    numbers: npt.NDArray[np.int64]
    texts: Texts


class _Column:
    """The values of one label; what changed since they were made ready is told after them."""

    def __init__(self) -> None:
        self._values: dict[int, str] = {}
        self._ready: _Part | None = None
        self._changed: dict[int, str] = {}

    def put(self, number: int, value: str) -> None:
        self._values[number] = self._changed[number] = value

    def remove(self, number: int) -> bool:
        """Forget a value; whether there is none left."""
        del self._values[number]
        self._changed[number] = ""
        return not self._values

    def parts(self, texts: TextsOf) -> Sequence[_Part]:
        """All of it; of a number that two of them have the latter holds."""
        if self._ready is None or len(self._changed) > len(self._values) // CHANGED_SHARE:
            self._ready, self._changed = _part(self._values, texts), {}
        return (self._ready, _part(self._changed, texts)) if self._changed else (self._ready,)


def _part(values: Mapping[int, str], texts: TextsOf) -> _Part:
    return _Part(np.fromiter(values, np.int64, len(values)), texts([*values.values()]))


def _asked(matcher: Matcher, texts: Texts) -> Holds:
    equality = matcher.operator in {Operator.EQUAL, Operator.NOT_EQUAL}
    found = texts.equal(matcher.value) if equality else texts.matching(matcher.value)
    return ~found if matcher.operator in {Operator.NOT_EQUAL, Operator.NOT_MATCHES} else found
