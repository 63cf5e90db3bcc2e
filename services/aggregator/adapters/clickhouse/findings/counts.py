"""Rows that match, counted by steps of time."""

from collections.abc import Iterable

from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.ports.searches import Counts, Steps


def step_of(steps: Steps) -> str:
    """The number of the step a row's time falls into, as SQL."""
    length_us = int(steps.seconds) * 1_000_000
    return f"intDiv(toUnixTimestamp64Micro(time), {length_us}) - {int(steps.first_second) // int(steps.seconds)}"


def counts_of(rows: Iterable[Row], steps: Steps) -> list[Counts]:
    """Rows of name, step and count as columns by name, the greatest first."""
    columns: dict[str, list[int]] = {}
    for name, step, count in rows:
        columns.setdefault(str(name), [0] * steps.count)[step] += int(count)
    found = [Counts(name, column) for name, column in columns.items()]
    return sorted(found, key=lambda one: (-sum(one.counts), one.name))
