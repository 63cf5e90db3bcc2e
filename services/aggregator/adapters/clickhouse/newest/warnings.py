"""Refusals at intake put together as the store would."""

from collections.abc import Iterable
from dataclasses import replace

from services.aggregator.ports.warnings import IntakeWarning, StoredWarning, WarningFilter, WarningPosition


def summed_warnings(
    stored: Iterable[StoredWarning], matching: WarningFilter, limit: int, before: WarningPosition | None
) -> list[IntakeWarning]:
    """Those that are alike as one, of rows of its range; at most `limit`, in falling order of position."""
    found: dict[tuple[str, ...], IntakeWarning] = {}
    for one in (each.warning for each in stored if matching.kind in ("", each.warning.kind)):
        alike = one.position[1:]
        known = found.get(alike)
        found[alike] = one if known is None else _both(known, one)
    listed = sorted(found.values(), key=lambda one: one.position, reverse=True)
    return [one for one in listed if before is None or one.position < before][:limit]


def _both(some: IntakeWarning, others: IntakeWarning) -> IntakeWarning:
    """The sample is that of the newer ones."""
    newer = max(some, others, key=lambda one: one.last_us)
    return replace(newer, count=some.count + others.count, first_us=min(some.first_us, others.first_us))
