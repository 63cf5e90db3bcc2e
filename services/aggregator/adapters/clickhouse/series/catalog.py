"""The catalog in ClickHouse: one pass over the table of series for each question."""

import asyncio
import dataclasses
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from services.aggregator.adapters.clickhouse.business.activity import (
    MICRO,
    active_series,
    newest_of_metrics,
    newest_of_series,
)
from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import Join, TenantQuery
from services.aggregator.adapters.clickhouse.series.matching import conditions, expressions_of
from services.aggregator.ports.catalog import (
    Cardinality,
    LabelEntry,
    MetricEntry,
    Ranked,
    Search,
    SearchMode,
    Selection,
    SeriesEntry,
    ValueEntry,
)
from services.core.clock import Clock
from services.core.matching import NAME

# How alike, of 1, a name has to be that lacks some character of a fuzzy search.
_ALIKE = 0.4
_NGRAM = 4
_SEEN = ("toUnixTimestamp64Micro(min(first_seen))", "toUnixTimestamp64Micro(max(last_seen))")
Entry = TypeVar("Entry", MetricEntry, SeriesEntry)


class ClickHouseCatalog:
    """Answers what there is. See ports/catalog.py for what each method promises."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def metrics(
        self, tenant: str, search: Search, limit: int, after: Ranked | None = None, names: Sequence[str] = ()
    ) -> Sequence[MetricEntry]:
        rank, where, parameters = _searched("name", search, after)
        if names:
            where, parameters = (*where, "name IN {names:Array(String)}"), {**parameters, "names": list(names)}
        columns = (
            f"{rank} AS rank",
            "name",
            "arraySort(groupUniqArray(kind))",
            "arraySort(arrayFilter(one -> one != '', groupUniqArray(unit)))",
            "uniqExact(id)",
            "arraySort(groupUniqArrayArray(mapKeys(labels)))",
            *_SEEN,
        )
        query = TenantQuery(
            tenant, "series", columns, where, parameters, group_by="name", order_by="rank, name", limit=limit
        )
        found = [MetricEntry(*row) for row in await self._rows(query)]
        shown = [one.name for one in found]
        newest = await self._newest(newest_of_metrics(tenant, shown, self._clock.now())) if shown else {}
        return [_seen(one, newest.get(one.name)) for one in found]

    async def series(
        self, tenant: str, selection: Selection, limit: int, after: tuple[str, int] | None = None
    ) -> Sequence[SeriesEntry]:
        where, parameters, joins = self._selected(tenant, selection)
        if after is not None:
            where += ("(name, id) > ({after_name:String}, {after_id:UInt64})",)
            parameters |= {"after_name": after[0], "after_id": after[1]}
        page = TenantQuery(
            tenant,
            "series",
            ("id",),
            where,
            parameters,
            group_by="name, id",
            order_by="name, id",
            limit=limit,
            joins=joins,
        )
        ids = [identity for [identity] in await self._rows(page)]
        if not ids:
            return []
        newest, found = await asyncio.gather(
            self._newest(newest_of_series(tenant, ids, self._clock.now())), self._described(tenant, ids)
        )
        return [_seen(found[identity], newest.get(identity)) for identity in ids]

    async def _described(self, tenant: str, ids: Sequence[int]) -> dict[int, SeriesEntry]:
        columns = ("id", "anyLast(name)", "anyLast(labels)", "anyLast(kind)", "anyLast(unit)", *_SEEN)
        query = TenantQuery(
            tenant, "series", columns, ("id IN {ids:Array(UInt64)}",), {"ids": list(ids)}, group_by="id"
        )
        return {row[0]: SeriesEntry(*row) for row in await self._rows(query)}

    async def labels(self, tenant: str, selection: Selection, limit: int) -> Sequence[LabelEntry]:
        where, parameters, joins = self._selected(tenant, selection)
        names = TenantQuery(tenant, "series", ("uniqExact(name)", "uniqExact(id)"), where, parameters, joins=joins)
        pairs = TenantQuery(tenant, "series", ("id", "arrayJoin(labels) AS pair"), where, parameters, joins=joins)
        columns = ("pair.1 AS label", "uniqExact(pair.2)", "uniqExact(id)")
        each = TenantQuery(tenant, pairs, columns, group_by="label", order_by="label", limit=limit)
        [[metrics, series]], found = await asyncio.gather(self._rows(names), self._rows(each))
        entries = [LabelEntry(*row) for row in found]
        if series:
            entries.append(LabelEntry(NAME, metrics, series))
        return sorted(entries, key=lambda entry: entry.name)[:limit]

    async def values(
        self, tenant: str, label: str, selection: Selection, search: Search, limit: int, after: Ranked | None = None
    ) -> Sequence[ValueEntry]:
        value = "name" if label == NAME else "labels[{label:String}]"
        rank, sought, searched = _searched(value, search, after)
        where, parameters, joins = self._selected(tenant, selection)
        query = TenantQuery(
            tenant,
            "series",
            (f"{rank} AS rank", f"{value} AS value", "uniqExact(id)"),
            (*where, *sought, f"{value} != ''"),
            {**parameters, **searched, "label": label},
            group_by="rank, value",
            order_by="rank, value",
            limit=limit,
            joins=joins,
        )
        return [ValueEntry(*row) for row in await self._rows(query)]

    async def cardinality(self, tenant: str, limit: int) -> Cardinality:
        totals = TenantQuery(tenant, "series", ("uniqExact(id)", "uniqExact(name)"))
        metrics = TenantQuery(
            tenant,
            "series",
            ("name", "uniqExact(id) AS series"),
            group_by="name",
            order_by="series DESC, name",
            limit=limit,
        )
        pairs = TenantQuery(tenant, "series", ("id", "arrayJoin(labels) AS pair"))
        labels = TenantQuery(
            tenant,
            pairs,
            ("pair.1 AS label", "uniqExact(pair.2) AS values", "uniqExact(id)"),
            group_by="label",
            order_by="values DESC, label",
            limit=limit,
        )
        counted = TenantQuery(
            tenant,
            pairs,
            ("pair.1 AS label", "pair.2 AS value", "uniqExact(id) AS series"),
            group_by="label, value",
            order_by="series DESC, label, value",
            limit=limit,
        )
        [[series, names]], top_metrics, top_labels, top_pairs = await asyncio.gather(
            *(self._rows(query) for query in (totals, metrics, labels, counted))
        )
        return Cardinality(
            series,
            names,
            [(name, count) for name, count in top_metrics],
            [LabelEntry(*row) for row in top_labels],
            [(label, value, count) for label, value, count in top_pairs],
        )

    def _selected(self, tenant: str, selection: Selection) -> tuple[tuple[str, ...], dict[str, Any], tuple[Join, ...]]:
        where, parameters = conditions(selection.matchers)
        if selection.range_us is None:
            return where, parameters, ()
        active = active_series(tenant, selection.range_us, self._clock.now())
        return where, parameters, (Join("INNER", active, "id"),)

    async def _rows(self, query: TenantQuery) -> list[Row]:
        with expressions_of("match"):
            return await self._reader.rows(query)

    async def _newest(self, query: TenantQuery) -> dict[Any, int]:
        return {key: second * MICRO for key, second in await self._rows(query)}


def _seen(entry: Entry, newest_us: int | None) -> Entry:
    """An entry with the time of its newest data."""
    return entry if newest_us is None else dataclasses.replace(entry, last_seen_us=max(newest_us, entry.last_seen_us))


def _searched(name: str, search: Search, after: Ranked | None) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """How badly `name` matches, as SQL, and the conditions that it matches at all and comes after a place."""
    rank = "0"
    where: tuple[str, ...] = ()
    parameters: dict[str, Any] = {"search": search.text}
    if search.text and search.mode is SearchMode.FUZZY:
        parameters["in_order"] = "(?is)" + ".*".join(re.escape(character) for character in search.text)
        # Of what is shorter than four characters nothing can be told.
        alike = f"ngramSearchCaseInsensitiveUTF8({name}, {{search:String}})" if len(search.text) >= _NGRAM else "0"
        in_order = f"match({name}, {{in_order:String}})"
        where = (f"{in_order} OR {alike} >= {_ALIKE}",)
        rank = f"2000 - 1000 * {in_order} - toInt64(1000 * {alike})"
    elif search.text:
        found = "startsWith({0}, {1})" if search.mode is SearchMode.PREFIX else "positionCaseInsensitiveUTF8({0}, {1})"
        where = (f"{found.format(name, '{search:String}')} > 0",)
    if after is not None:
        where += (f"({rank}, {name}) > ({{after_rank:Int64}}, {{after_name:String}})",)
        parameters |= {"after_rank": after[0], "after_name": after[1]}
    return f"toInt64({rank})", where, parameters
