"""People and times, exact over events as they stand."""

from collections.abc import Mapping, Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import Bindings, step_of, within
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.audience import Audience, CohortQuestion, HourCounts

_USERS = "uniqExactIf(user_id, user_id != '')"


class ClickHouseAudience:
    """Asks about people and times. See ports/audience.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def users(self, tenant: str, audience: Audience) -> int:
        bound = Bindings()
        query = TenantQuery(tenant, "events", (_USERS,), _where(audience, bound), bound.values)
        [[count]] = await self._reader.rows(query)
        return int(count)

    async def users_over_time(self, tenant: str, audience: Audience) -> Mapping[int, int]:
        bound = Bindings()
        columns = (f"{step_of(bound, audience.starts)} AS step", _USERS)
        query = TenantQuery(tenant, "events", columns, _where(audience, bound), bound.values, group_by="step")
        return {int(step): int(users) for step, users in await self._reader.rows(query)}

    async def hours(self, tenant: str, audience: Audience) -> Mapping[int, HourCounts]:
        bound = Bindings()
        columns = (f"{step_of(bound, audience.starts)} AS step", "count()", _USERS)
        query = TenantQuery(tenant, "events", columns, _where(audience, bound), bound.values, group_by="step")
        told = {step: (events, users) for step, events, users in await self._reader.rows(query)}
        requests = await self._requests(tenant, audience)
        return {
            step: HourCounts(requests.get(step, 0.0), *told.get(step, (0, 0))) for step in sorted({*told, *requests})
        }

    async def _requests(self, tenant: str, audience: Audience) -> Mapping[int, float]:
        bound = Bindings()
        where: tuple[str, ...] = (
            f"second >= toDateTime({bound.whole(audience.from_us // 1_000_000)})",
            f"second < toDateTime({bound.whole(-(-audience.to_us // 1_000_000))})",
        )
        if audience.service:
            where += (f"service = {bound.text(audience.service)}",)
        columns = (f"{step_of(bound, audience.starts, 'second')} AS step", "sum(requests)")
        query = TenantQuery(tenant, "signals", columns, where, bound.values, group_by="step")
        return {step: requests for step, requests in await self._reader.rows(query) if requests}

    async def returns(self, tenant: str, question: CohortQuestion) -> Sequence[tuple[int, int, int]]:
        bound = Bindings()
        begins = f"type = {bound.text(question.first_type)}" if question.first_type else "1"
        comes = f"type = {bound.text(question.return_type)}" if question.return_type else "1"
        step = step_of(bound, question.starts)
        each = TenantQuery(
            tenant,
            "events",
            (
                f"minIf({step}, {begins}) AS cohort",
                f"arrayJoin(arrayDistinct(arrayConcat([cohort], groupUniqArrayIf({step}, {comes})))) AS period",
            ),
            (*within(bound, question.from_us, question.to_us), "user_id != ''"),
            bound.values,
            group_by="user_id",
            having=f"countIf({begins}) > 0",
        )
        query = TenantQuery(
            tenant, each, ("cohort", "period", "count()"), ("period >= cohort",), group_by="cohort, period"
        )
        return [(cohort, period, count) for cohort, period, count in await self._reader.rows(query)]


def _where(audience: Audience, bound: Bindings) -> tuple[str, ...]:
    where = within(bound, audience.from_us, audience.to_us)
    return (*where, f"service = {bound.text(audience.service)}") if audience.service else where
