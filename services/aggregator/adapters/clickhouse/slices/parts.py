"""Ranges of time in parts: whole days, hours and minutes of UTC, and what is left at both ends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
LENGTHS = (DAY_US, HOUR_US, MINUTE_US)
# What is older is not cut: mostly there is nothing, of which many parts would be made.
WHOLE_US = 40 * DAY_US
# What a whole part is put together of, where it is not read as one.
_SHORTER = {DAY_US: HOUR_US, HOUR_US: MINUTE_US}


@dataclass(frozen=True, slots=True)
class Part:
    """Microseconds since the Unix epoch; the end is not within."""

    start_us: int
    end_us: int

    @property
    def length_us(self) -> int:
        """How long it is."""
        return self.end_us - self.start_us

    @property
    def shorter(self) -> Sequence["Part"]:
        """The hours of a day, the minutes of an hour."""
        length = _SHORTER.get(self.length_us)
        if length is None:
            return ()
        return [Part(start, start + length) for start in range(self.start_us, self.end_us, length)]


def parts_of(from_us: int, to_us: int, now_us: int) -> tuple[list[Part], list[Part]]:
    """The whole parts of a range that are past, the longest there are, and what is left before and after them."""
    first = max(-(-from_us // MINUTE_US) * MINUTE_US, (now_us - WHOLE_US) // DAY_US * DAY_US)
    last = min(to_us, now_us) // MINUTE_US * MINUTE_US
    if first >= last:
        return [], [Part(from_us, to_us)]
    ends = (Part(from_us, first), Part(last, to_us))
    return list(_whole(first, last)), [end for end in ends if end.length_us > 0]


def _whole(start: int, end: int) -> Iterator[Part]:
    while start < end:
        length = next(each for each in LENGTHS if start % each == 0 and start + each <= end)
        yield Part(start, start + length)
        start += length


def together(parts: Sequence[Part], most_us: int) -> Iterator[list[Part]]:
    """Neighbours together, up to `most_us` in all; parts are in order."""
    gathered: list[Part] = []
    for part in parts:
        joins = gathered and gathered[-1].end_us == part.start_us
        if gathered and (not joins or part.end_us - gathered[0].start_us > most_us):
            yield gathered
            gathered = []
        gathered.append(part)
    if gathered:
        yield gathered
