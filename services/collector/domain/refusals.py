"""What was refused, gathered by kind, until it is written to the journal as intake warnings."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from services.collector.domain.columns import WarningColumns
from services.collector.domain.evidence import NONE, Evidence, cut
from services.collector.ports import Meter

MAX_KINDS = 100
"""Distinct refusals of a tenant between two writings; what goes beyond is counted in one row."""
MAX_DESCRIPTION = 300
OTHER = "other refusals, too many kinds to list"

_PLACE = re.compile(r"\[\d+\]")
_POSITION = re.compile(r" ?\(byte \d+\)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why points were not taken: a word for it, the field without places in lists, and what would be right."""

    reason: str
    field: str
    description: str

    @classmethod
    def of(cls, reason: str, field: str, description: str) -> "Refusal":
        """From a field as an answer names it, such as `events[3].type`."""
        described = _POSITION.sub("", description)[:MAX_DESCRIPTION]
        return cls(reason, cut(_PLACE.sub("", field)) if field else "", described)


@dataclass(frozen=True, slots=True)
class Tally:
    """So many points of a request were refused for one reason."""

    refusal: Refusal
    count: int
    evidence: Evidence = NONE


@dataclass(slots=True)
class _Entry:
    sample: str
    count: int
    first_us: int
    last_us: int


_Key = tuple[str, Refusal, str]


class RefusalBook:
    """Counts refusals of all tenants; `now` in Unix seconds."""

    def __init__(self, now: Callable[[], float], meter: Meter) -> None:
        self._now = now
        self._meter = meter
        self._tenants: dict[str, dict[_Key, _Entry]] = {}

    def note(self, tenant: str, kind: str, tallies: Iterable[Tally]) -> None:
        """Count what was refused of one request."""
        entries = self._tenants.setdefault(tenant, {})
        now_us = int(self._now() * 1_000_000)
        for tally in tallies:
            self._meter.refused(kind, tally.refusal.reason, tally.count)
            _add(entries, (kind, tally.refusal, tally.evidence.source), tally, now_us)

    def tell(self, tenant: str, kind: str, tally: Tally) -> None:
        """Something that a tenant should know of, though nothing was refused."""
        entries = self._tenants.setdefault(tenant, {})
        _add(entries, (kind, tally.refusal, tally.evidence.source), tally, int(self._now() * 1_000_000))

    def tenants(self) -> list[str]:
        """Those who were refused something since it was last taken."""
        return list(self._tenants)

    def take(self, tenant: str) -> WarningColumns:
        """What was counted for a tenant since the last time."""
        return _columns(self._tenants.pop(tenant, {}))

    def give_back(self, tenant: str, columns: WarningColumns) -> None:
        """What was taken could not be written; it is taken again later."""
        entries = self._tenants.setdefault(tenant, {})
        for row, kind in enumerate(columns.kinds):
            refusal = Refusal(columns.reasons[row], columns.fields[row], columns.descriptions[row])
            tally = Tally(refusal, int(columns.counts[row]), Evidence(columns.sources[row], columns.samples[row]))
            key = (kind, refusal, columns.sources[row])
            _add(entries, key, tally, int(columns.last_times_us[row]), int(columns.first_times_us[row]))


def _add(entries: dict[_Key, _Entry], key: _Key, tally: Tally, now_us: int, first_us: int | None = None) -> None:
    first = now_us if first_us is None else first_us
    if key not in entries and len(entries) >= MAX_KINDS:
        key = (key[0], Refusal("other", "", OTHER), "")
    entry = entries.get(key)
    if entry is None:
        entries[key] = _Entry(tally.evidence.text, tally.count, first, now_us)
        return
    entry.count += tally.count
    entry.first_us = min(entry.first_us, first)
    entry.last_us = max(entry.last_us, now_us)


def _columns(entries: dict[_Key, _Entry]) -> WarningColumns:
    keys: Sequence[_Key] = list(entries)
    rows = list(entries.values())
    return WarningColumns(
        [kind for kind, _refusal, _source in keys],
        [refusal.field for _kind, refusal, _source in keys],
        [refusal.reason for _kind, refusal, _source in keys],
        [refusal.description for _kind, refusal, _source in keys],
        [source for _kind, _refusal, source in keys],
        [row.sample for row in rows],
        np.array([row.count for row in rows], np.uint64),
        np.array([row.first_us for row in rows], np.int64),
        np.array([row.last_us for row in rows], np.int64),
    )
