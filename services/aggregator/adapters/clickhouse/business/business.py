"""What business figures are made of, from events at the time of the question."""

from collections.abc import Mapping, Sequence

from services.aggregator.adapters.clickhouse.business.business_cells import cell, cells_query
from services.aggregator.adapters.clickhouse.business.campaigns import campaign, campaigns_query
from services.aggregator.adapters.clickhouse.business.event_fields import PLACE, Bindings, step_of, text_of, within
from services.aggregator.adapters.clickhouse.business.frequent import frequent, frequent_query
from services.aggregator.adapters.clickhouse.business.revenue import revenue_samples
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.business import Campaign, Cell, Frequent, People, Period, RevenueSample, Talk

_SESSIONS = "uniqExactIf(session_id, session_id != '')"
_MESSAGES = "type IN ('MessageSent', 'MessageReceived')"
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
        return [cell(row) for row in await self._reader.rows(cells_query(tenant, period, types))]

    async def people(self, tenant: str, period: Period, types: Sequence[str]) -> Mapping[int, People]:
        bound = Bindings()
        columns = (
            f"toInt64({step_of(bound, period.starts) if period.starts else '0'}) AS step",
            _SESSIONS,
            "uniqExactIf(session_id, session_id != '' AND type = 'conversion')",
            "uniqExactIf(user_id, user_id != '' AND type = 'purchase')",
            "uniqExactIf(user_id, user_id != '' AND type = 'AIInteraction')",
        )
        where = within(bound, period.from_us, period.to_us)
        if types:
            where += (f"type IN {bound.texts(types)}",)
        both = "GROUPING SETS ((step), ())" if period.starts else "step"
        rows = await self._reader.rows(TenantQuery(tenant, "events", columns, where, bound.values, group_by=both))
        return {int(step): People(*counts) for step, *counts in rows}

    async def campaigns(self, tenant: str, period: Period) -> tuple[Sequence[Campaign], Mapping[int, int]]:
        rows = await self._reader.rows(campaigns_query(tenant, period))
        return [campaign(row) for row in rows if row[1]], {int(row[0]): int(row[2] or 0) for row in rows if not row[1]}

    async def talks(self, tenant: str, from_us: int, to_us: int) -> Sequence[Talk]:
        bound = Bindings()
        where = (*within(bound, from_us, to_us), f"{_MESSAGES} OR type = 'ConversationStarted'")
        columns = (f"{_CONVERSATION} AS conversation", f"if(conversation = '', {_PARTY}, '') AS party")
        query = TenantQuery(
            tenant,
            "events",
            columns,
            (*where, "conversation != '' OR party != ''"),
            bound.values,
            group_by="conversation, party",
        )
        return [Talk(*row) for row in await self._reader.rows(query)]

    async def talk_steps(self, tenant: str, period: Period) -> Mapping[int, int]:
        bound = Bindings()
        talk = f"if({_CONVERSATION} != '', ('conversation', {_CONVERSATION}), ('party', {_PARTY}))"
        query = TenantQuery(
            tenant,
            "events",
            (f"{step_of(bound, period.starts)} AS step", f"uniqExactIf({talk} AS talk, talk.2 != '')"),
            (*within(bound, period.from_us, period.to_us), f"{_MESSAGES} OR type = 'ConversationStarted'"),
            bound.values,
            group_by="step",
        )
        return {int(step): int(count) for step, count in await self._reader.rows(query)}

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
        return frequent(await self._reader.rows(frequent_query(tenant, period, types, limit)))

    async def revenue(self, tenant: str, period: Period, now_us: int) -> Sequence[RevenueSample]:
        return await revenue_samples(self._reader, tenant, period, now_us)
