"""People and times, exact over events as they stand."""

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np

from services.aggregator.adapters.clickhouse.business.event_fields import (
    MICROS,
    Bindings,
    step_of as step_column,
    within,
)
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import (
    MEMBERS,
    WHOLE,
    Groups,
    Members,
    RowMerging,
    different,
    distinct,
)
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.adapters.clickhouse.slices.steps import regrouped, step_of, stretch_column, stretch_of
from services.aggregator.ports.audience import Audience, CohortQuestion, HourCounts

_PEOPLE = different("user_id", "user_id != ''")
_NOBODY: Members = np.empty(0, np.uint64)
# Key: stretch; figures: events, people.
_COUNTED = RowMerging(1, (WHOLE, MEMBERS))
# Key: period; figures: people who begin, people who come.
_COMING = RowMerging(1, (MEMBERS, MEMBERS))


class ClickHouseAudience:
    """Asks about people and times. See ports/audience.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def users(self, tenant: str, audience: Audience) -> int:
        found = await self._counted(tenant, audience, 0)
        return sum(len(distinct(users)) for _events, users in found.values())

    async def users_over_time(self, tenant: str, audience: Audience) -> Mapping[int, int]:
        found = await self._counted(tenant, audience, stretch_of(audience.starts))
        return {step: len(distinct(users)) for (step,), (_events, users) in found.items()}

    async def hours(self, tenant: str, audience: Audience) -> Mapping[int, HourCounts]:
        found = await self._counted(tenant, audience, stretch_of(audience.starts))
        told = {step: (events, len(distinct(users))) for (step,), (events, users) in found.items()}
        requests = await self._requests(tenant, audience)
        return {
            step: HourCounts(requests.get(step, 0.0), *told.get(step, (0, 0))) for step in sorted({*told, *requests})
        }

    async def _counted(self, tenant: str, audience: Audience, stretch: int) -> Groups:
        """Events and people by step; under one key without a stretch."""
        question = _counted_of(tenant, audience.service, stretch)
        found = await self._reader.slices.answer(tenant, question, audience.from_us, audience.to_us)
        if not stretch:
            return found
        return regrouped(_COUNTED, found, lambda key: (step_of(audience.starts, key[0]),))

    async def _requests(self, tenant: str, audience: Audience) -> Mapping[int, float]:
        bound = Bindings()
        where: tuple[str, ...] = (
            f"second >= toDateTime({bound.whole(audience.from_us // 1_000_000)})",
            f"second < toDateTime({bound.whole(-(-audience.to_us // 1_000_000))})",
        )
        if audience.service:
            where += (f"service = {bound.text(audience.service)}",)
        columns = (f"{step_column(bound, audience.starts, 'second')} AS step", "sum(requests)")
        query = TenantQuery(tenant, "signals", columns, where, bound.values, group_by="step")
        return {step: requests for step, requests in await self._reader.rows(query) if requests}

    async def returns(self, tenant: str, question: CohortQuestion) -> Sequence[tuple[int, int, int]]:
        asked = _coming_of(tenant, question.first_type, question.return_type, stretch_of(question.starts))
        found = await self._reader.slices.answer(tenant, asked, question.from_us, question.to_us)
        by_step = regrouped(_COMING, found, lambda key: (step_of(question.starts, key[0]),))
        coming = [(step, distinct(began), distinct(came)) for (step,), (began, came) in sorted(by_step.items())]
        return await asyncio.to_thread(_returns, coming)


def _returns(coming: Sequence[tuple[int, Members, Members]]) -> list[tuple[int, int, int]]:
    """Cohort, period and people, of periods in order with those who begin and those who come."""
    people, first = np.unique(np.concatenate([began for _step, began, _came in coming] or [_NOBODY]), return_index=True)
    ends = np.cumsum([len(began) for _step, began, _came in coming])
    cohorts = np.searchsorted(ends, first, side="right")
    found = []
    for period, (step, began, came) in enumerate(coming):
        there = np.isin(people, np.concatenate([began[cohorts[np.searchsorted(people, began)] == period], came]))
        counts = np.bincount(cohorts[there & (cohorts <= period)], minlength=len(coming))
        found += [(coming[cohort][0], step, int(counts[cohort])) for cohort in np.flatnonzero(counts).tolist()]
    return found


def _counted_of(tenant: str, service: str, stretch: int) -> Sliced[Groups]:
    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        where = within(bound, part.start_us, part.end_us)
        if service:
            where += (f"service = {bound.text(service)}",)
        step = stretch_column(MICROS, stretch) if stretch else "0"
        columns = (f"{place.format(MICROS)} AS part", f"{step} AS step", "count()", _PEOPLE)
        return TenantQuery(tenant, "events", columns, where, bound.values, group_by="part, step")

    return Sliced("events", ask, _COUNTED)


def _coming_of(tenant: str, first_type: str, return_type: str, stretch: int) -> Sliced[Groups]:
    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        begins = f"type = {bound.text(first_type)}" if first_type else "1"
        comes = f"type = {bound.text(return_type)}" if return_type else "1"
        columns = (
            f"{place.format(MICROS)} AS part",
            f"{stretch_column(MICROS, stretch)} AS step",
            different("user_id", begins),
            different("user_id", comes),
        )
        where = (*within(bound, part.start_us, part.end_us), "user_id != ''")
        return TenantQuery(tenant, "events", columns, where, bound.values, group_by="part, step")

    return Sliced("events", ask, _COMING)
