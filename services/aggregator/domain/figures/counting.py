"""Figures of what is found by a search, and counted by the steps of a range."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.aggregator.domain.figures.figures import Asked, Series, counted
from services.aggregator.domain.ranges.steps import steps_of
from services.aggregator.ports.searches import Steps, TimeRange


@dataclass(frozen=True, slots=True)
class Counting:
    """The range to search, and the steps to count by; `starts` in Unix seconds, none before the range."""

    within: TimeRange
    steps: Steps
    starts: Sequence[int]

    def series(self, counts: Sequence[int], **labels: str) -> Series:
        """A number for each step."""
        return counted(list(zip(self.starts, map(float, counts), strict=True)), **labels)


def counting(asked: Asked) -> Counting:
    """How to count what was asked for."""
    within = TimeRange(asked.range.first_us, asked.range.end_us)
    steps = steps_of(within, asked.steps.seconds)
    starts = [max(asked.range.first, steps.first_second + place * steps.seconds) for place in range(steps.count)]
    return Counting(within, steps, starts)
