"""What business figures are made of, from events at the time of the question."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from services.aggregator.adapters.clickhouse.business.business_cells import CELLS, cells, cells_of
from services.aggregator.adapters.clickhouse.business.campaigns import campaign, campaigns_query
from services.aggregator.adapters.clickhouse.business.event_fields import MICROS, PLACE, Bindings, text_of, within
from services.aggregator.adapters.clickhouse.business.frequent import frequent, frequent_of
from services.aggregator.adapters.clickhouse.business.revenue import revenue_samples
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import (
    MEMBERS,
    Groups,
    Key,
    RowMerging,
    different,
    distinct,
)
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.adapters.clickhouse.slices.steps import regrouped, step_of, stretch_column, stretch_of
from services.aggregator.domain.ranges.zoned_steps import MAX_STEPS
from services.aggregator.ports.business import Campaign, Cell, Frequent, People, Period, RevenueSample, Talk

MICRO = 1_000_000
_FEW_STEPS = 12
_TALKING = "type IN ('MessageSent', 'MessageReceived', 'ConversationStarted')"
_PARTY = (
    f"multiIf(type = 'MessageSent', {text_of('data.to')}, type = 'MessageReceived', {text_of('data.from')},"
    f" {text_of('data.customer')})"
)
_CONVERSATION = text_of("data.conversation_id")


class ClickHouseBusiness:
    """Asks for what figures are made of. See ports/business.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def cells(self, tenant: str, period: Period, types: Sequence[str]) -> Sequence[Cell]:
        starts, stretch = period.starts, stretch_of(period.starts)
        ask, whole = self._reader.slices.answer, cells_of(tenant, types)
        if not starts:
            return cells(await ask(tenant, whole, period.from_us, period.to_us))
        if len(starts) <= _FEW_STEPS and (period.to_us - period.from_us) / MICRO > stretch * MAX_STEPS:
            # Steps that begin at any second are each a range of its own.
            ends = [*(start * MICRO for start in starts[1:]), period.to_us]
            begins = [period.from_us, *ends[:-1]]
            groups = await asyncio.gather(*(ask(tenant, whole, *span) for span in zip(begins, ends, strict=True)))
            steps = [
                regrouped(CELLS, each, partial(_of_step, start)) for start, each in zip(starts, groups, strict=True)
            ]
            return cells(CELLS.merge(groups)) + [cell for step in steps for cell in cells(step)]
        found = await ask(tenant, cells_of(tenant, types, stretch), period.from_us, period.to_us)
        return cells(regrouped(CELLS, found, lambda key: (_step(starts, key[0]), *key[1:])))

    async def people(self, tenant: str, period: Period, types: Sequence[str]) -> Mapping[int, People]:
        starts = period.starts
        question = _people(tenant, types, stretch_of(starts) if starts else 0)
        found = await self._reader.slices.answer(tenant, question, period.from_us, period.to_us)
        by_step = regrouped(_PEOPLE, found, lambda key: (_step(starts, key[0]),))
        return {step: People(*(len(distinct(each)) for each in sets)) for (step,), sets in by_step.items()}

    async def campaigns(self, tenant: str, period: Period) -> tuple[Sequence[Campaign], Mapping[int, int]]:
        rows = await self._reader.rows(campaigns_query(tenant, period))
        return [campaign(row) for row in rows if row[1]], {int(row[0]): int(row[2] or 0) for row in rows if not row[1]}

    async def talks(self, tenant: str, from_us: int, to_us: int) -> Sequence[Talk]:
        found = await self._reader.slices.answer(tenant, _talks(tenant), from_us, to_us)
        return [Talk(*key) for key in found]

    async def talk_steps(self, tenant: str, period: Period) -> Mapping[int, int]:
        question = _talk_steps(tenant, stretch_of(period.starts))
        found = await self._reader.slices.answer(tenant, question, period.from_us, period.to_us)
        by_step = regrouped(_TALK_STEPS, found, lambda key: (step_of(period.starts, key[0]),))
        return {step: len(distinct(talks)) for (step,), (talks,) in by_step.items()}

    async def started_talks(self, tenant: str, from_us: int, to_us: int) -> Mapping[str, str]:
        bound = Bindings()
        customer = text_of("data.customer")
        query = TenantQuery(
            tenant,
            "events",
            (f"{customer} AS customer", f"argMax({_CONVERSATION}, {PLACE})"),
            (
                *within(bound, from_us, to_us),
                "type = 'ConversationStarted'",
                f"{customer} != ''",
                f"{_CONVERSATION} != ''",
            ),
            bound.values,
            group_by="customer",
        )
        return dict(await self._reader.rows(query))

    async def frequent(self, tenant: str, period: Period, types: Sequence[str], limit: int) -> Frequent:
        found = await self._reader.slices.answer(tenant, frequent_of(tenant, types), period.from_us, period.to_us)
        return frequent(found, limit)

    async def revenue(self, tenant: str, period: Period, now_us: int) -> Sequence[RevenueSample]:
        return await revenue_samples(self._reader, tenant, period, now_us)


def _of_step(start: int, key: Key) -> Key:
    """The key of cells over time."""
    _stretch, kind, _key, _second, currency = key
    return start, kind, "", "", currency


def _step(starts: Sequence[int], stretch: int) -> int:
    """The step of a stretch; what is of none is of the whole."""
    return step_of(starts, stretch) if stretch else 0


# Key: stretch, 0 for the whole; figures: sessions, those with a conversion, buyers, people with calls of models.
_PEOPLE = RowMerging(1, (MEMBERS, MEMBERS, MEMBERS, MEMBERS))
_TALK_STEPS = RowMerging(1, (MEMBERS,))
_TALKS = RowMerging(2, ())


def _people(tenant: str, types: Sequence[str], stretch: int) -> Sliced[Groups]:
    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        where = within(bound, part.start_us, part.end_us)
        if types:
            where += (f"type IN {bound.texts(types)}",)
        columns = (
            f"{place.format(MICROS)} AS part",
            f"toInt64({stretch_column(MICROS, stretch) if stretch else '0'}) AS step",
            different("session_id", "session_id != ''"),
            different("session_id", "session_id != '' AND type = 'conversion'"),
            different("user_id", "user_id != '' AND type = 'purchase'"),
            different("user_id", "user_id != '' AND type = 'AIInteraction'"),
        )
        both = "GROUPING SETS ((part, step), (part))" if stretch else "part, step"
        return TenantQuery(tenant, "events", columns, where, bound.values, group_by=both)

    return Sliced("events", ask, _PEOPLE)


def _talks(tenant: str) -> Sliced[Groups]:
    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        where = (*within(bound, part.start_us, part.end_us), _TALKING, "conversation != '' OR party != ''")
        columns = (
            f"{place.format(MICROS)} AS part",
            f"{_CONVERSATION} AS conversation",
            f"if(conversation = '', {_PARTY}, '') AS party",
        )
        group_by = "part, conversation, party"
        return TenantQuery(tenant, "events", columns, where, bound.values, group_by=group_by)

    return Sliced("events", ask, _TALKS)


def _talk_steps(tenant: str, stretch: int) -> Sliced[Groups]:
    talk = f"if({_CONVERSATION} != '', ('conversation', {_CONVERSATION}), ('party', {_PARTY}))"

    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        columns = (
            f"{place.format(MICROS)} AS part",
            f"{stretch_column(MICROS, stretch)} AS step",
            different(f"({talk} AS talk)", "talk.2 != ''"),
        )
        where = (*within(bound, part.start_us, part.end_us), _TALKING)
        return TenantQuery(tenant, "events", columns, where, bound.values, group_by="part, step")

    return Sliced("events", ask, _TALK_STEPS)
