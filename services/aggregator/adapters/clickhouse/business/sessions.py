"""Sessions, made of events at the time of the question."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from services.aggregator.adapters.clickhouse.business.event_fields import (
    FAILED,
    MILLIONTHS,
    PLACE,
    Bindings,
    amount_of,
    text_of,
    within,
)
from services.aggregator.adapters.clickhouse.business.features import feature_usage
from services.aggregator.adapters.clickhouse.business.session_lives import lives_of, session_figures, visitors_of
from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.slices.row_merging import distinct
from services.aggregator.ports.sessions import (
    LISTED,
    FeatureFilter,
    FeatureUsage,
    Session,
    SessionFigures,
    SessionFilter,
    SessionPosition,
)

CONTEXT_TYPES = ("session_start", "session_context")
CONTEXT_KEYS = (
    "country",
    "city",
    "language",
    "device",
    "platform",
    "os",
    "browser",
    "app_version",
    "referrer",
    "plan",
    "demo",
)
# The newest are looked for near the end of a range first.
LOOK_BACKS_US = (600_000_000, 7_200_000_000)
MOST_OF_A_PERSON = 1_000
_FEATURE, _PAGE = text_of("data.feature"), text_of("data.page")
_PAGES_SEEN = f"type = 'page_view' AND {_PAGE} != ''"
_TOTAL = amount_of("data.total")


def _listed(value: str, condition: str) -> str:
    return f"arraySlice(arraySort(groupUniqArrayIf({value}, {condition})), 1, {LISTED})"


_COLUMNS = (
    "session_id",
    f"argMaxIf(user_id, {PLACE}, user_id != '')",
    "toUnixTimestamp64Micro(min(time))",
    "toUnixTimestamp64Micro(max(time))",
    "count()",
    "countIf(type = 'page_view')",
    _listed(_PAGE, _PAGES_SEEN),
    _listed(_FEATURE, f"type = 'feature_used' AND {_FEATURE} != ''"),
    "countIf(type = 'purchase')",
    f"sumMapIf(map({text_of('data.currency')}, assumeNotNull({_TOTAL})), type = 'purchase' AND {_TOTAL} IS NOT NULL)",
    "countIf(type = 'request')",
    f"countIf({FAILED})",
    _listed("toString(service)", "service != ''"),
    f"argMinIf({_PAGE}, {PLACE}, {_PAGES_SEEN})",
    f"argMaxIf({_PAGE}, {PLACE}, {_PAGES_SEEN})",
    f"argMax(type, {PLACE})",
)


class ClickHouseSessions:
    """Asks about sessions. See ports/sessions.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def sessions(
        self, tenant: str, matching: SessionFilter, limit: int, before: SessionPosition | None = None
    ) -> Sequence[Session]:
        ids: Sequence[str] = ()
        if matching.user_id:
            ids = await self._of_user(tenant, matching)
            if not ids:
                return []
            if len(ids) <= MOST_OF_A_PERSON and not _asks_more(matching):
                return await self._newest(tenant, ids, matching, limit, before)
        found = await self._found(tenant, matching, limit, before, ids)
        if not found:
            return []
        ids, starts, ends = zip(*found, strict=True)
        told = {one.session_id: one for one in await self._told(tenant, ids, min(starts), max(ends) + 1)}
        return [told[session_id] for session_id in ids if session_id in told]

    async def _newest(
        self, tenant: str, ids: Sequence[str], matching: SessionFilter, limit: int, before: SessionPosition | None
    ) -> list[Session]:
        """Of a few sessions that match but for their times, the newest."""
        summed = await self._summed(tenant, ids, matching.from_us, matching.to_us)
        active = [one for one in summed if one.end_us >= matching.active_from_us]
        listed = [one for one in active if before is None or one.position < before]
        return await self._with_contexts(tenant, sorted(listed, key=lambda one: one.position, reverse=True)[:limit])

    async def _found(
        self, tenant: str, matching: SessionFilter, limit: int, before: SessionPosition | None, ids: Sequence[str]
    ) -> list[tuple[str, int, int]]:
        """Ids of sessions, among some or all, with first and last time."""
        if not (ids or before or _asks_more(matching)):
            for look_back in LOOK_BACKS_US:
                from_us = max(matching.from_us, matching.to_us - look_back)
                recent = _which(tenant, replace(matching, from_us=from_us), limit, None)
                rows = await self._reader.rows(recent)
                if len(rows) == limit or from_us <= matching.active_from_us:
                    return await self._with_starts(tenant, matching, rows)
        rows = await self._reader.rows(_which(tenant, matching, limit, before, ids))
        return [(session_id, starts, ends) for session_id, starts, ends, _hash in rows]

    async def _with_starts(
        self, tenant: str, matching: SessionFilter, recent: Sequence[Row]
    ) -> list[tuple[str, int, int]]:
        """Sessions of the end of a range, with when they began in all of it."""
        lives = lives_of(tenant, "")
        keys, first, *_figures = await self._reader.slices.answer(tenant, lives, matching.from_us, matching.to_us)
        found = []
        for session_id, starts, ends, hashed in recent:
            place = int(np.searchsorted(keys, np.uint64(hashed)))
            known = place < len(keys) and keys[place] == hashed
            found.append((session_id, min(starts, int(first[place])) if known else starts, ends))
        return found

    async def _of_user(self, tenant: str, matching: SessionFilter) -> list[str]:
        """The sessions of a person: an index finds them, where it does not find what is theirs of all sessions."""
        bound = Bindings()
        where = (*within(bound, matching.from_us, matching.to_us), f"user_id = {bound.text(matching.user_id)}")
        query = TenantQuery(tenant, "events", ("DISTINCT session_id",), (*where, "session_id != ''"), bound.values)
        return [session_id for [session_id] in await self._reader.rows(query)]

    async def session(self, tenant: str, session_id: str, from_us: int, to_us: int) -> Session | None:
        found = await self._told(tenant, [session_id], from_us, to_us)
        return found[0] if found else None

    async def _told(self, tenant: str, ids: Sequence[str], from_us: int, to_us: int) -> list[Session]:
        return await self._with_contexts(tenant, await self._summed(tenant, ids, from_us, to_us))

    async def _summed(self, tenant: str, ids: Sequence[str], from_us: int, to_us: int) -> list[Session]:
        bound = Bindings()
        where = (*within(bound, from_us, to_us), f"session_id IN {bound.texts(ids)}")
        query = TenantQuery(tenant, "events", _COLUMNS, where, bound.values, group_by="session_id")
        return [_session(row) for row in await self._reader.rows(query)]

    async def _with_contexts(self, tenant: str, sessions: Sequence[Session]) -> list[Session]:
        """Once it is known when they were, the rows of other times need not be looked at."""
        if not sessions:
            return []
        ids = [one.session_id for one in sessions]
        first_us, last_us = min(one.start_us for one in sessions), max(one.end_us for one in sessions)
        contexts = await self._contexts(tenant, ids, first_us, last_us + 1)
        return [replace(one, context=contexts.get(one.session_id, {})) for one in sessions]

    async def _contexts(
        self, tenant: str, ids: Sequence[str], from_us: int, to_us: int
    ) -> Mapping[str, Mapping[str, str]]:
        """The newest value of each attribute that tells something of its session, by session."""
        bound = Bindings()
        keys, types = bound.texts(CONTEXT_KEYS), bound.texts(CONTEXT_TYPES)
        telling = f"has({types}, type) OR has({keys}, fact.1)"
        facts = TenantQuery(
            tenant,
            "events",
            (
                "session_id",
                f"{PLACE} AS place",
                f"arrayJoin(arrayFilter(fact -> {telling}, JSONExtractKeysAndValuesRaw(data))) AS fact",
            ),
            (*within(bound, from_us, to_us), f"session_id IN {bound.texts(ids)}"),
            bound.values,
        )
        newest = TenantQuery(
            tenant, facts, ("session_id", "fact.1", "argMax(fact.2, place)"), group_by="session_id, fact.1"
        )
        found: dict[str, dict[str, str]] = {}
        for session_id, name, value in await self._reader.rows(newest):
            found.setdefault(session_id, {})[name] = value
        return found

    async def figures(
        self, tenant: str, from_us: int, to_us: int, active_from_us: int, service: str = ""
    ) -> SessionFigures:
        ask = self._reader.slices.answer
        columns, users = await asyncio.gather(
            ask(tenant, lives_of(tenant, service), from_us, to_us),
            ask(tenant, visitors_of(tenant, service), from_us, to_us),
        )
        people = len(distinct([part for [members] in users.values() for part in members]))
        return await asyncio.to_thread(session_figures, columns, people, active_from_us)

    async def features(self, tenant: str, matching: FeatureFilter, limit: int) -> FeatureUsage:
        return await feature_usage(self._reader, tenant, matching, limit)


def _asks_more(matching: SessionFilter) -> bool:
    """Whether more is asked of a session than whose it is and when."""
    return bool(matching.feature or matching.service or matching.errors_only)


def _which(
    tenant: str, matching: SessionFilter, limit: int, before: SessionPosition | None, ids: Sequence[str] = ()
) -> TenantQuery:
    """Ids of sessions, among some or all, with first and last time, and the hash of the id."""
    bound = Bindings()
    among = (f"session_id IN {bound.texts(ids)}",) if ids else ()
    conditions = []
    if matching.active_from_us:
        conditions.append(f"ends >= {bound.whole(matching.active_from_us)}")
    if matching.user_id:
        conditions.append(f"countIf(user_id = {bound.text(matching.user_id)}) > 0")
    if matching.feature:
        conditions.append(f"countIf(type = 'feature_used' AND {_FEATURE} = {bound.text(matching.feature)}) > 0")
    if matching.service:
        conditions.append(f"countIf(service = {bound.text(matching.service)}) > 0")
    if matching.errors_only:
        conditions.append(f"countIf({FAILED}) > 0")
    if before is not None:
        conditions.append(f"(ends, session_id) < ({bound.whole(before[0])}, {bound.text(before[1])})")
    return TenantQuery(
        tenant,
        "events",
        (
            "session_id",
            "toUnixTimestamp64Micro(min(time)) AS starts",
            "toUnixTimestamp64Micro(max(time)) AS ends",
            "sipHash64(session_id)",
        ),
        (*within(bound, matching.from_us, matching.to_us), "session_id != ''", *among),
        bound.values,
        group_by="session_id",
        having=" AND ".join(conditions),
        order_by="ends DESC, session_id DESC",
        limit=limit,
    )


def _session(row: Row) -> Session:
    revenue = {currency.upper(): 0.0 for currency in row[9]}
    for currency, amount in row[9].items():
        revenue[currency.upper()] += int(amount) / MILLIONTHS
    return Session(*[*row[:9], revenue, *row[10:]])
