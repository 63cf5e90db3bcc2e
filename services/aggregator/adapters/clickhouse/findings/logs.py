"""Answers questions about log lines."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Bounds, Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import NEWEST_FIRST, OLDEST_FIRST, Conditions
from services.aggregator.adapters.clickhouse.findings.counts import counts_of, step_of
from services.aggregator.adapters.clickhouse.findings.masks import MASK, masked
from services.aggregator.adapters.clickhouse.findings.reading import LOG_COLUMNS, line
from services.aggregator.adapters.clickhouse.newest.filters import any_line, line_filter, neighbour_filter
from services.aggregator.adapters.clickhouse.newest.newest_rows import place_before
from services.aggregator.adapters.clickhouse.series.matching import expressions_of
from services.aggregator.ports.logs import MaskedLines, Neighbours, StoredLine
from services.aggregator.ports.searches import Counts, Cursor, LogSearch, Position, Steps, TimeRange

PATTERN_FIELD = "filter.pattern"
LEVELS = 5
MASKED_CHARACTERS = 2_000
_MESSAGE = f"substringUTF8(message, 1, {MASKED_CHARACTERS})"
_LISTED_SERVICES = 20
_HOST = "coalesce(nullIf(JSONExtractString(attributes, 'host.name'), ''), JSONExtractString(attributes, 'host'))"
_MASKED_BOUNDS = Bounds(result_rows=100_000)


def log_conditions(search: LogSearch) -> Conditions:
    """A search as conditions on the table `logs`."""
    found = Conditions()
    found.within(search.range)
    found.any_of("level", search.levels, "UInt8")
    found.any_of("service", search.services)
    found.any_of("trace_id", [search.trace_id] if search.trace_id else [])
    found.any_of("span_id", [search.span_id] if search.span_id else [])
    found.text("message", search.text)
    if search.pattern:
        pattern = found.value(search.pattern, "String")
        # The second half is worked out before any row: a bad expression is told where nothing is stored, too.
        found.add(f"match(message, {pattern}) AND match('', {pattern}) IN (0, 1)")
    found.attributes("attributes", search.attributes)
    return found


class ClickHouseLogs:
    """See ports/logs.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def page(
        self, tenant: str, search: LogSearch, limit: int, cursor: Cursor | None = None
    ) -> Sequence[StoredLine]:
        matches = line_filter(search)
        if matches is not None and not (cursor and cursor.newer):
            before = place_before(search.range.to_us, cursor)
            known = await self._reader.newest_lines.page(tenant, matches, search.range.from_us, before, limit)
            if known is not None:
                return known
        with expressions_of(PATTERN_FIELD):
            return await self._beside(tenant, log_conditions(search), limit, cursor)

    async def count(self, tenant: str, search: LogSearch) -> int:
        found = log_conditions(search)
        with expressions_of(PATTERN_FIELD):
            query = TenantQuery(tenant, "logs", ("count()",), found.where, found.parameters)
            [[count]] = await self._reader.rows(query)
            return int(count)

    async def over_time(self, tenant: str, search: LogSearch, steps: Steps) -> Sequence[Counts]:
        found = log_conditions(search)
        columns = ("level", f"{step_of(steps)} AS step", "count()")
        query = TenantQuery(tenant, "logs", columns, found.where, found.parameters, group_by="level, step")
        with expressions_of(PATTERN_FIELD):
            return counts_of(await self._reader.rows(query), steps)

    async def line(self, tenant: str, position: Position) -> StoredLine | None:
        time_us, journal_id, offset, row = position
        next_place = (time_us, journal_id, offset, row + 1)
        known = await self._reader.newest_lines.page(tenant, any_line, time_us, next_place, 1)
        if known is not None:
            return next((each for each in known if each.position == position), None)
        found = Conditions()
        found.within(TimeRange(position[0], position[0] + 1))
        found.any_of("journal_id", [position[1]])
        found.any_of("offset", [position[2]], "UInt64")
        found.any_of("row", [position[3]], "UInt32")
        query = TenantQuery(tenant, "logs", LOG_COLUMNS, found.where, found.parameters, limit=1)
        rows = await self._reader.rows(query)
        return line(rows[0]) if rows else None

    async def around(self, tenant: str, among: Neighbours, limit: int, cursor: Cursor) -> Sequence[StoredLine]:
        time = cursor.position[0]
        near = TimeRange(max(0, time - among.within_us), time + among.within_us)
        known = await self._known_around(tenant, among, near, limit, cursor)
        if known is not None:
            return known
        found = Conditions()
        found.within(near)
        found.any_of("service", [among.service])
        if among.host is not None:
            found.add(f"{_HOST} = {found.value(among.host, 'String')}")
        return await self._beside(tenant, found, limit, cursor)

    async def _known_around(
        self, tenant: str, among: Neighbours, near: TimeRange, limit: int, cursor: Cursor
    ) -> Sequence[StoredLine] | None:
        matches, newest = neighbour_filter(among), self._reader.newest_lines
        if matches is None:
            return None
        if not cursor.newer:
            return await newest.page(tenant, matches, near.from_us, cursor.position, limit)
        following = await newest.following(tenant, matches, cursor.position, near.to_us, limit)
        return following and following[::-1]

    async def _beside(self, tenant: str, found: Conditions, limit: int, cursor: Cursor | None) -> Sequence[StoredLine]:
        found.beside(cursor)
        newer = cursor is not None and cursor.newer
        order = OLDEST_FIRST if newer else NEWEST_FIRST
        query = TenantQuery(tenant, "logs", LOG_COLUMNS, found.where, found.parameters, order_by=order, limit=limit)
        rows = [line(row) for row in await self._reader.rows(query)]
        return rows[::-1] if newer else rows

    async def masked(self, tenant: str, search: LogSearch, one_of: int) -> Sequence[MaskedLines]:
        found = log_conditions(search)
        if one_of > 1:
            found.add(f"cityHash64(journal_id, offset, row) % {int(one_of)} = 0")
        columns = (
            f"{masked(_MESSAGE, found.value(MASK, 'String'))} AS masked_message",
            "count()",
            "any(message)",
            "toUnixTimestamp64Micro(min(time))",
            "toUnixTimestamp64Micro(max(time))",
            *(f"countIf(level = {level})" for level in range(1, LEVELS + 1)),
            f"groupUniqArray({_LISTED_SERVICES})(service)",
        )
        query = TenantQuery(
            tenant, "logs", columns, found.where, found.parameters,
            group_by="masked_message", order_by="count() DESC, masked_message",
        )  # fmt: skip
        with expressions_of(PATTERN_FIELD):
            return [_masked(row) for row in await self._reader.rows(query, _MASKED_BOUNDS)]


def _masked(row: Row) -> MaskedLines:
    message, count, sample, first, last, *levels, services = row
    told = {level: int(each) for level, each in enumerate(levels, 1) if each}
    return MaskedLines(message, int(count), sample, int(first), int(last), told, sorted(services))
