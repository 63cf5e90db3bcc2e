"""What is written at once is small, so that whoever else has something to do has a turn in between."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from services.alerting.domain.moves import Changes
from services.alerting.ports.states import News

TOGETHER = 500
Thing = TypeVar("Thing")


def parts_of(changes: Changes) -> Iterable[News]:
    """Changes in parts that are written at once each."""
    for transitions in some_of(changes.transitions):
        yield News(transitions=tuple(transitions))
    for told in some_of([*changes.told.values()]):
        yield News(told=tuple(told))


def some_of(things: Sequence[Thing]) -> Iterable[Sequence[Thing]]:
    """Things in parts."""
    return (things[place : place + TOGETHER] for place in range(0, len(things), TOGETHER))
