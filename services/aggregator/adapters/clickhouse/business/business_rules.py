"""Rules as queries: every event that a rule judges, and whether it breaks it."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import (
    MICROS,
    Bindings,
    all_of,
    amount_of,
    text_of,
    within,
)
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings import reading
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import (
    MEMBERS,
    WHOLE,
    Groups,
    RowMerging,
    different,
    distinct,
)
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.ports.business_rules import (
    BalanceDemand,
    BusinessRule,
    ConditionsDemand,
    Judgement,
    PrecededDemand,
    UniqueDemand,
)
from services.aggregator.ports.store import EventPosition, StoredEvent

_RAW = ("time", "accepted", "type", "service", "user_id", "session_id", "data", "journal_id", "offset", "row")
_IN_ORDER = "time, journal_id, offset, row"
_SO_FAR = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
_BEFORE = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"


_HOW_MANY = RowMerging(0, (WHOLE, WHOLE))
_WHICH = RowMerging(0, (WHOLE, MEMBERS))


class ClickHouseRules:
    """Judges events by rules. See ports/business_rules.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def judge(self, tenant: str, rule: BusinessRule, from_us: int, to_us: int) -> Judgement:
        if isinstance(rule.demand, ConditionsDemand):
            found = await self._reader.slices.answer(tenant, _conditions_of(tenant, rule, rule.demand), from_us, to_us)
            checked, broken = found.get((), (0, 0))
            return Judgement(checked, broken)
        if isinstance(rule.demand, UniqueDemand):
            found = await self._reader.slices.answer(tenant, _values_of(tenant, rule, rule.demand), from_us, to_us)
            checked, values = found.get((), (0, ()))
            return Judgement(checked, checked - len(distinct(values)))
        bound = Bindings()
        judged = _judged(tenant, rule, from_us, to_us, bound)
        [[checked, broken]] = await self._reader.rows(
            TenantQuery(tenant, judged, ("count()", "countIf(broken)"), _own(rule, from_us, bound), bound.values)
        )
        return Judgement(checked, broken)

    async def broken(
        self, tenant: str, rule: BusinessRule, from_us: int, to_us: int, limit: int, before: EventPosition | None
    ) -> Sequence[StoredEvent]:
        bound = Bindings()
        judged = _judged(tenant, rule, from_us, to_us, bound)
        where = (*_own(rule, from_us, bound), "broken")
        if before is not None:
            time_us, journal_id, offset, row = before
            place = f"{bound.whole(time_us)}, {bound.text(journal_id)}, {bound.whole(offset)}, {bound.whole(row)}"
            where += (f"(toUnixTimestamp64Micro(time), journal_id, offset, row) <= ({place})",)
        query = TenantQuery(
            tenant,
            judged,
            reading.EVENT_COLUMNS,
            where,
            bound.values,
            order_by="time DESC, journal_id DESC, offset DESC, row DESC",
            limit=limit,
        )
        return [reading.event(row) for row in await self._reader.rows(query)]


def _conditions_of(tenant: str, rule: BusinessRule, demand: ConditionsDemand) -> Sliced[Groups]:
    """How many events a rule judges, and how many break it."""

    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        where = (*within(bound, part.start_us, part.end_us), f"type IN {bound.texts(rule.types)}")
        where += (all_of(demand.where, bound),)
        broken = f"countIf(NOT ({all_of(demand.conditions, bound)}))"
        columns = (f"{place.format(MICROS)} AS part", "count()", broken)
        return TenantQuery(tenant, "events", columns, where, bound.values, group_by="part")

    return Sliced("events", ask, _HOW_MANY)


def _values_of(tenant: str, rule: BusinessRule, demand: UniqueDemand) -> Sliced[Groups]:
    """How many events a rule judges, and the values that should differ."""
    value = text_of(demand.field)

    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        where = (*within(bound, part.start_us, part.end_us), f"type IN {bound.texts(rule.types)}", f"{value} != ''")
        columns = (f"{place.format(MICROS)} AS part", "count()", different(f"(toString(type), {value})", "1"))
        return TenantQuery(tenant, "events", columns, where, bound.values, group_by="part")

    return Sliced("events", ask, _WHICH)


def _own(rule: BusinessRule, from_us: int, bound: Bindings) -> tuple[str, ...]:
    """What is judged, among what has to be looked at."""
    return (
        f"time >= fromUnixTimestamp64Micro({bound.whole(from_us)})",
        f"has({bound.texts(rule.types)}, type)",
    )


def _judged(tenant: str, rule: BusinessRule, from_us: int, to_us: int, bound: Bindings) -> TenantQuery:
    """The events of a rule with a column `broken`."""
    match rule.demand:
        case ConditionsDemand() as conditions:
            broken, where = f"NOT ({all_of(conditions.conditions, bound)})", (all_of(conditions.where, bound),)
            return _query(tenant, rule.types, from_us, to_us, broken, where, bound)
        case UniqueDemand() as unique:
            value = text_of(unique.field)
            broken = f"row_number() OVER (PARTITION BY type, {value} ORDER BY {_IN_ORDER}) > 1"
            return _query(tenant, rule.types, from_us, to_us, broken, (f"{value} != ''",), bound)
        case BalanceDemand() as balance:
            return _balance(tenant, rule, balance, to_us, bound)
        case PrecededDemand() as preceded:
            return _preceded(tenant, rule, preceded, from_us, to_us, bound)


def _balance(tenant: str, rule: BusinessRule, demand: BalanceDemand, to_us: int, bound: Bindings) -> TenantQuery:
    account, amount = text_of(demand.account_field), f"ifNull({amount_of(demand.amount_field)}, 0)"
    change = f"if(has({bound.texts(demand.credit_types)}, type), {amount}, -{amount})"
    left = f"sum({change}) OVER (PARTITION BY {account} ORDER BY {_IN_ORDER} {_SO_FAR})"
    types = (*rule.types, *demand.credit_types)
    return _query(tenant, types, 0, to_us, f"{left} < 0 AND {change} < 0", (f"{account} != ''",), bound)


def _preceded(
    tenant: str, rule: BusinessRule, demand: PrecededDemand, from_us: int, to_us: int, bound: Bindings
) -> TenantQuery:
    value = text_of(demand.field)
    former = f"maxIf(toUnixTimestamp64Micro(time), has({bound.texts(demand.by_types)}, type))"
    newest = f"{former} OVER (PARTITION BY {value} ORDER BY {_IN_ORDER} {_BEFORE})"
    broken = f"{newest} < toUnixTimestamp64Micro(time) - {bound.whole(demand.within_us)}"
    types = (*rule.types, *demand.by_types)
    return _query(tenant, types, from_us - demand.within_us, to_us, broken, (f"{value} != ''",), bound)


def _query(
    tenant: str, types: Sequence[str], from_us: int, to_us: int, broken: str, where: tuple[str, ...], bound: Bindings
) -> TenantQuery:
    chosen = (*within(bound, max(from_us, 0), to_us), f"type IN {bound.texts(sorted(set(types)))}", *where)
    return TenantQuery(tenant, "events", (*_RAW, f"({broken}) AS broken"), chosen, bound.values)
