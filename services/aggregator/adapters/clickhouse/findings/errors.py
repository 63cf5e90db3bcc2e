"""Answers questions about errors in groups."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.adapters.clickhouse.findings.error_rows import error_rows
from services.aggregator.adapters.clickhouse.slices.parts import HOUR_US, MINUTE_US, Part
from services.aggregator.adapters.clickhouse.slices.row_merging import (
    COUNTS,
    LEAST,
    MEMBERS,
    MOST,
    WHOLE,
    Groups,
    Key,
    RowMerging,
    different,
    distinct,
)
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.ports.errors import (
    TREND_STEPS,
    ErrorGroup,
    ErrorOrder,
    GroupPosition,
    Occurrence,
    OccurrencePosition,
    Release,
)
from services.aggregator.ports.searches import ErrorSearch, TimeRange

_RELEASES = 20
_SOURCES = ("event", "log", "span")
# How exactly a trend is told: to the second, of longer ranges to the minute.
_LONG_US = 6 * HOUR_US
_SECOND_US = 1_000_000
OCCURRENCE_COLUMNS = (
    *("at", "source", "journal_id", "offset", "row", "span_id"),
    *("message", "stack", "user_id", "trace_id", "version", "attributes"),
)
_POSITION = OCCURRENCE_COLUMNS[:6]
_POSITION_KINDS = ("Int64", "String", "String", "UInt64", "UInt32", "String")


class ClickHouseErrors:
    """See ports/errors.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def groups(
        self, tenant: str, search: ErrorSearch, order: ErrorOrder, limit: int, before: GroupPosition | None = None
    ) -> Sequence[ErrorGroup]:
        groups = [_group(*each, search, order) for each in (await self._groups(tenant, search)).items()]
        below = [group for group in groups if before is None or group.position < before]
        return sorted(below, key=lambda group: group.position, reverse=True)[:limit]

    async def group(self, tenant: str, search: ErrorSearch, fingerprint: str) -> ErrorGroup | None:
        releases = (await self._groups(tenant, search)).get(fingerprint)
        return _group(fingerprint, releases, search, "last_seen") if releases else None

    async def _groups(self, tenant: str, search: ErrorSearch) -> Mapping[str, Mapping[Key, Sequence[Any]]]:
        """Sums by release of each group, by its fingerprint."""
        long = search.range.to_us - search.range.from_us > _LONG_US
        question = _by_release(tenant, search, MINUTE_US if long else _SECOND_US)
        answer = await self._reader.slices.answer(tenant, question, search.range.from_us, search.range.to_us)
        found: dict[str, dict[Key, Sequence[Any]]] = {}
        for key, figures in answer.items():
            found.setdefault(key[0], {})[key] = figures
        return found

    async def occurrences(
        self,
        tenant: str,
        search: ErrorSearch,
        fingerprint: str,
        limit: int,
        before: OccurrencePosition | None = None,
    ) -> Sequence[Occurrence]:
        found = (await self._groups(tenant, search)).get(fingerprint)
        if found is None:
            return []
        within = _narrowed(search, found, limit, search.range.to_us if before is None else before[0] + 1)
        rows = await self._reader.rows(_occurrences(tenant, within, fingerprint, limit, before))
        return [_occurrence(row) for row in rows]


def _narrowed(search: ErrorSearch, releases: Mapping[Key, Sequence[Any]], limit: int, to_us: int) -> ErrorSearch:
    """Where the sums of a group say that its newest errors before a time are: to read each error's text takes long."""
    [(_fingerprint, _release, service, *_what), *_others] = releases
    sums = list(releases.values())
    sources = tuple(name for place, name in enumerate(_SOURCES, start=1) if any(figures[place] for figures in sums))
    to_us = min(to_us, search.range.to_us)
    from_us = max(search.range.from_us, _beginning([figures[7] for figures in sums], limit, to_us))
    return replace(search, services=(service,), sources=sources, range=TimeRange(from_us, to_us))


def _beginning(counts: Sequence[Mapping[int, int]], limit: int, to_us: int) -> int:
    """From when on there are so many errors before a time, in whole steps; those of the newest may lie after it."""
    steps = sorted({at_us for by_time in counts for at_us in by_time if at_us < to_us}, reverse=True)
    beginning, found = steps[0] if steps else to_us, 0
    for at_us in steps[1:]:
        if found >= limit:
            break
        beginning = at_us
        found += sum(by_time.get(at_us, 0) for by_time in counts)
    return beginning


def _occurrences(
    tenant: str, search: ErrorSearch, fingerprint: str, limit: int, before: OccurrencePosition | None
) -> TenantQuery:
    found = Conditions()
    found.any_of("fingerprint", [fingerprint])
    if before is not None:
        place = ", ".join(found.value(value, kind) for value, kind in zip(before, _POSITION_KINDS, strict=True))
        found.add(f"({', '.join(_POSITION)}) < ({place})")
    return TenantQuery(
        tenant,
        error_rows(tenant, search, found),
        OCCURRENCE_COLUMNS,
        found.where,
        found.parameters,
        order_by=", ".join(f"{column} DESC" for column in _POSITION),
        limit=limit,
    )


# Key: fingerprint, release, and what tells the group; figures: errors, of each source, people, first and last time,
# errors by time, the newest of them.
_RELEASED = RowMerging(6, (WHOLE, WHOLE, WHOLE, WHOLE, MEMBERS, LEAST, MOST, COUNTS, MOST))


def _by_release(tenant: str, search: ErrorSearch, unit_us: int) -> Sliced[Groups]:
    """Errors in sums by fingerprint and release."""

    def ask(part: Part, place: str) -> TenantQuery:
        found = Conditions()
        columns = (
            f"{place.format('at')} AS part",
            *("fingerprint", "version", "in_service", "error_type", "masked_message", "place"),
            "count()",
            *(f"countIf(source = '{source}')" for source in _SOURCES),
            different("user_id", "user_id != ''"),
            "min(at)",
            "max(at)",
            f"sumMap([intDiv(at, {int(unit_us)}) * {int(unit_us)}], [toUInt64(1)])",
            f"max(({', '.join(OCCURRENCE_COLUMNS)}))",
        )
        rows = error_rows(tenant, replace(search, range=TimeRange(part.start_us, part.end_us)), found)
        return TenantQuery(
            tenant, rows, columns, found.where, found.parameters,
            group_by="part, fingerprint, version, in_service, error_type, masked_message, place",
        )  # fmt: skip

    return Sliced("errors", ask, _RELEASED)


def _group(fingerprint: str, parts: Mapping[Key, Sequence[Any]], search: ErrorSearch, order: ErrorOrder) -> ErrorGroup:
    """A group from its sums by release."""
    releases = [Release(key[1], figures[0], figures[5], figures[6]) for key, figures in parts.items()]
    releases.sort(key=lambda release: (release.last_us, release.version), reverse=True)
    [(_fingerprint, _release, service, type_, message, place), *_others] = parts
    events, logs, spans = (sum(figures[place] for figures in parts.values()) for place in (1, 2, 3))
    users = len(distinct([members for figures in parts.values() for members in figures[4]]))
    first, last = min(release.first_us for release in releases), releases[0].last_us
    counts = [figures[7] for figures in parts.values()]
    keys = {"last_seen": last, "first_seen": first, "count": events + logs + spans, "users": users}
    return ErrorGroup(
        (keys[order], fingerprint),
        service,
        type_,
        message,
        place,
        events,
        logs,
        spans,
        users,
        first,
        last,
        _trend(counts, search.range),
        [release for release in releases[:_RELEASES] if release.version],
        _occurrence(max(figures[8] for figures in parts.values())),
    )


def _trend(counts: Sequence[Mapping[int, int]], within: TimeRange) -> list[int]:
    """Errors by steps of the range."""
    trend = [0] * TREND_STEPS
    for by_time in counts:
        for at_us, count in by_time.items():
            past = max(at_us, within.from_us) - within.from_us
            trend[past * TREND_STEPS // (within.to_us - within.from_us)] += count
    return trend


def _occurrence(row: Sequence[Any]) -> Occurrence:
    at, source, journal_id, offset, line, span_id, *rest = row
    return Occurrence((int(at), source, journal_id, int(offset), int(line), span_id), *rest)
