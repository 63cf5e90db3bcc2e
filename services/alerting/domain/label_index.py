"""Which things have which labels: those of one value are found without a look at the labels of all others."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from services.alerting.ports.alerts import Labels
from services.core.matching import Matcher, Operator

Matches = Callable[[str, Sequence[str]], npt.NDArray[np.bool_]]
"""Which texts an expression of RE2 matches as a whole. Raises InvalidInput for one that is none."""
Thing = TypeVar("Thing")


class LabelIndex(Generic[Thing]):
    """Things by the values of their labels."""

    def __init__(self, matches: Matches) -> None:
        self._matches = matches
        self._things: dict[str, dict[str, set[Thing]]] = {}

    def add(self, thing: Thing, labels: Labels) -> None:
        """Find a thing by its labels from now on."""
        for name, value in labels:
            self._things.setdefault(name, {}).setdefault(value, set()).add(thing)

    def remove(self, thing: Thing, labels: Labels) -> None:
        """Forget a thing that was added with these labels."""
        for name, value in labels:
            values = self._things[name]
            values[value].discard(thing)
            if not values[value]:
                del values[value]

    def narrowed(self, things: Sequence[Thing], matcher: Matcher) -> list[Thing]:
        """Those of some things for which a condition holds; a label that a thing lacks is an empty text."""
        of_label = self._things.get(matcher.label, {})
        without, *holds = self._holding(matcher, ["", *of_label])
        named = [found for found, holds_here in zip(of_label.values(), holds, strict=True) if holds_here is not without]
        some = named[0] if len(named) == 1 else set[Thing]().union(*named)
        return [thing for thing in things if (thing in some) is not without]

    def _holding(self, matcher: Matcher, values: Sequence[str]) -> list[bool]:
        """Whether a condition holds for each of some values."""
        if matcher.operator in {Operator.EQUAL, Operator.NOT_EQUAL}:
            equal = matcher.operator is Operator.EQUAL
            return [(value == matcher.value) is equal for value in values]
        found = self._matches(matcher.value, values)
        holds: list[bool] = (found if matcher.operator is Operator.MATCHES else ~found).tolist()
        return holds
