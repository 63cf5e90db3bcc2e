"""When which times of events, log lines and spans were changed last, by what this process has written.

A position stands for all changes before it. What was changed before a position was taken is in everything that is read
afterwards; so what was read then holds for as long as nothing within it has changed since.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from services.aggregator.adapters.clickhouse.slices.parts import LENGTHS, MINUTE_US, Part
from services.aggregator.ports.records import Longs, Record
from services.aggregator.ports.store import Segment
from services.core.conventions import DEPLOY_EVENT

Rows = Literal["events", "logs", "spans", "errors", "warnings"]
"""Rows of a table; or errors, which are made of the first three and told by the deploys before."""
REMEMBERED = 200_000
REMEMBERED_DEPLOYS = 1_000
_SOURCES: dict[Rows, tuple[Rows, ...]] = {"errors": ("events", "logs", "spans")}
_Key = tuple[str, Rows]


class ChangedTimes:
    """A CommitListener. May be used by several threads."""

    def __init__(self) -> None:
        self.alone = False
        self._lock = threading.Lock()
        self._position = 0
        self._changed: dict[_Key, dict[tuple[int, int], int]] = defaultdict(dict)
        self._deploys: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._since: dict[str, int] = {}

    def opened(self, outdated: Sequence[tuple[str, int, int]], alone: bool) -> None:
        self.alone = alone

    def before(self, segment: Segment) -> None:
        """What it changes is noted once it is written."""

    def after(self, segment: Segment, revision: int, done: bool) -> None:
        times: dict[_Key, list[Longs]] = defaultdict(list)
        for record in segment.records:
            for rows, times_us in _times(record):
                times[(record.tenant, rows)].append(times_us)
        for (tenant, rows), parts in times.items():
            self._note(tenant, rows, np.concatenate(parts))
        for tenant, first_us in _first_deploys(segment).items():
            self._note_deploys(tenant, first_us)

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        """Roll-ups are about samples."""

    def forget(self, tenant: str) -> None:
        """Rows of a tenant were deleted: nothing of it holds any more."""
        with self._lock:
            self._position += 1
            self._since[tenant] = self._position

    def position(self) -> int:
        """The position now."""
        with self._lock:
            return self._position

    def holds(self, tenant: str, rows: Rows, part: Part, position: int) -> bool:
        """Whether nothing of a day, hour or minute has changed since a position."""
        with self._lock:
            if self._since.get(tenant, 0) > position:
                return False
            place = part.length_us, part.start_us
            if any(self._changed[(tenant, each)].get(place, 0) > position for each in _SOURCES.get(rows, (rows,))):
                return False
            return rows != "errors" or not any(
                changed > position and time_us < part.end_us for time_us, changed in self._deploys[tenant]
            )

    def _note(self, tenant: str, rows: Rows, times_us: Longs) -> None:
        minutes = np.unique(times_us // MINUTE_US) * MINUTE_US
        starts = {(length, start) for length in LENGTHS for start in np.unique(minutes // length * length).tolist()}
        with self._lock:
            self._position += 1
            changed = self._changed[(tenant, rows)]
            changed.update(dict.fromkeys(starts, self._position))
            if len(changed) > REMEMBERED:
                changed.clear()
                self._since[tenant] = self._position

    def _note_deploys(self, tenant: str, first_us: int) -> None:
        """A deploy tells the version of all that comes after it."""
        with self._lock:
            self._position += 1
            deploys = self._deploys[tenant]
            # What a later deploy changed before this one, this one has changed again.
            deploys[:] = [known for known in deploys if known[0] < first_us]
            deploys.append((first_us, self._position))
            if len(deploys) > REMEMBERED_DEPLOYS:
                deploys.clear()
                self._since[tenant] = self._position


def _times(record: Record) -> Iterable[tuple[Rows, Longs]]:
    if record.events is not None:
        yield "events", record.events.times_us
    if record.logs is not None:
        yield "logs", record.logs.times_us
    if record.telemetry.spans is not None:
        yield "spans", record.telemetry.spans.times_ns // 1_000


def _first_deploys(segment: Segment) -> dict[str, int]:
    """The earliest deploy of each tenant that has any in a segment."""
    first: dict[str, int] = {}
    for record in segment.records:
        if record.events is not None and DEPLOY_EVENT in record.events.types:
            times_us = zip(record.events.types, record.events.times_us.tolist(), strict=True)
            earliest = min(time_us for kind, time_us in times_us if kind == DEPLOY_EVENT)
            first[record.tenant] = min(first.get(record.tenant, earliest), earliest)
    return first
