"""What breaks rules in a message, gathered so that all of it is told at once."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration

from services.core.errors import InvalidInput, Violation
from services.runtime.times import seconds_of

SECOND, MINUTE, HOUR, DAY = 1.0, 60.0, 3_600.0, 86_400.0
_UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
Given = TypeVar("Given")
Read = TypeVar("Read")


class Faults:
    """Fields that break their rules, as far as they were found."""

    def __init__(self) -> None:
        self._found: list[Violation] = []

    def require(self, holds: bool, field: str, description: str) -> None:
        """Note `description`, which says what would be right, unless it holds."""
        if not holds:
            self._found.append(Violation(field, description))

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Note what is refused within the block, and go on after it."""
        try:
            yield
        except InvalidInput as fault:
            self._found += fault.violations

    def raise_any(self) -> None:
        """Raise InvalidInput where anything was found."""
        if self._found:
            raise InvalidInput(self._found)

    def text(self, field: str, given: str, most: int, least: int = 0) -> str:
        """A text of so many characters."""
        limits = f"{least:,} to {most:,}" if least else f"at most {most:,}"
        self.require(least <= len(given) <= most, field, f"must have {limits} characters")
        self.require("\0" not in given, field, "must not have null characters")
        return given

    def number(self, field: str, given: float) -> float:
        """A finite number."""
        self.require(math.isfinite(given), field, "must be a finite number")
        return given

    def span(self, field: str, given: Duration, least: float, most: float) -> float:
        """Seconds of a span of time between two."""
        seconds = seconds_of(given)
        limits = f"{_span(least)} to {_span(most)}" if least else f"at most {_span(most)}"
        whole = given.nanos % 1_000_000 == 0
        self.require(least <= seconds <= most and whole, field, f"must be {limits}, in whole milliseconds")
        return seconds

    def names(self, field: str, given: Collection[str], most: int, longest: int = 100) -> tuple[str, ...]:
        """So many names at most, all different, none empty."""
        self.require(len(given) <= most, field, f"must be at most {most}")
        self.require(len(set(given)) == len(given), field, "must all be different")
        for place, name in enumerate(given):
            self.text(f"{field}[{place}]", name, longest, least=1)
        return tuple(given)


def each_of(given: Iterable[Given], read: Callable[[Given, str], Read], field: str) -> list[Read]:
    """What `read` makes of each, told its place as a field. Raises InvalidInput with everything that is wrong."""
    found: list[Read] = []
    faults = Faults()
    for place, one in enumerate(given):
        with faults.gathered():
            found.append(read(one, f"{field}[{place}]"))
    faults.raise_any()
    return found


def _span(seconds: float) -> str:
    size, unit = next((each for each in _UNITS if seconds >= each[0] and seconds % each[0] == 0), (SECOND, "second"))
    count = seconds / size
    return f"{count:g} {unit}" if count == 1 else f"{count:g} {unit}s"
