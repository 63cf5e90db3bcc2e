"""Use of features."""

from collections.abc import Sequence
from dataclasses import replace

from services.aggregator.adapters.clickhouse.business.event_fields import Bindings, step_of, text_of, within
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.sessions import FeatureFilter, FeatureUsage, FeatureUse

_FEATURE = text_of("data.feature")
_USERS = "uniqExactIf(user_id, user_id != '')"


async def feature_usage(reader: Reader, tenant: str, matching: FeatureFilter, limit: int) -> FeatureUsage:
    """See ports/sessions.py."""
    bound = Bindings()
    where = _where(matching, bound)
    most_used = TenantQuery(
        tenant,
        "events",
        (
            f"{_FEATURE} AS feature",
            "count()",
            _USERS,
            "uniqExactIf(session_id, session_id != '')",
            "toUnixTimestamp64Micro(min(time))",
            "toUnixTimestamp64Micro(max(time))",
        ),
        where,
        bound.values,
        group_by="feature",
        order_by="count() DESC, feature",
        limit=limit,
    )
    found = [FeatureUse(*row) for row in await reader.rows(most_used)]
    totals = TenantQuery(tenant, "events", (f"uniqExact({_FEATURE})", _USERS), where, bound.values)
    [[features, users]] = await reader.rows(totals)
    if matching.starts and found:
        found = await _with_points(reader, tenant, matching, found)
    return FeatureUsage(found, features, users)


async def _with_points(
    reader: Reader, tenant: str, matching: FeatureFilter, found: Sequence[FeatureUse]
) -> list[FeatureUse]:
    bound = Bindings()
    where = (*_where(matching, bound), f"has({bound.texts([one.feature for one in found])}, {_FEATURE})")
    columns = (f"{_FEATURE} AS feature", f"{step_of(bound, matching.starts)} AS step", "count()", _USERS)
    query = TenantQuery(tenant, "events", columns, where, bound.values, group_by="feature, step", order_by="step")
    points: dict[str, list[tuple[int, int, int]]] = {}
    for feature, step, uses, users in await reader.rows(query):
        points.setdefault(feature, []).append((step, uses, users))
    return [replace(one, points=points[one.feature]) for one in found]


def _where(matching: FeatureFilter, bound: Bindings) -> tuple[str, ...]:
    where: tuple[str, ...] = within(bound, matching.from_us, matching.to_us)
    where += ("type = 'feature_used'", f"{_FEATURE} != ''")
    if matching.feature:
        where += (f"{_FEATURE} = {bound.text(matching.feature)}",)
    if matching.service:
        where += (f"service = {bound.text(matching.service)}",)
    return where
