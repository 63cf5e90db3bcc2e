"""Use of features."""

from collections.abc import Mapping, Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import MICROS, Bindings, text_of, within
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import (
    LEAST,
    MEMBERS,
    MOST,
    WHOLE,
    Groups,
    RowMerging,
    different,
    distinct,
)
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.adapters.clickhouse.slices.steps import regrouped, step_of, stretch_column, stretch_of
from services.aggregator.ports.sessions import FeatureFilter, FeatureUsage, FeatureUse

_FEATURE = text_of("data.feature")
# Key: stretch and feature; figures: uses, people, sessions, first and last time.
_USES = RowMerging(2, (WHOLE, MEMBERS, MEMBERS, LEAST, MOST))
Points = Mapping[str, Sequence[tuple[int, int, int]]]


async def feature_usage(reader: Reader, tenant: str, matching: FeatureFilter, limit: int) -> FeatureUsage:
    """See ports/sessions.py."""
    starts = matching.starts
    question = _uses(tenant, matching, stretch_of(starts) if starts else 0)
    told = await reader.slices.answer(tenant, question, matching.from_us, matching.to_us)
    points = _points(regrouped(_USES, told, lambda key: (step_of(starts, key[0]), key[1]))) if starts else {}
    groups = regrouped(_USES, told, lambda key: key[1:])
    found = [
        FeatureUse(name, uses, len(distinct(users)), len(distinct(sessions)), first, last, points.get(name, ()))
        for (name,), (uses, users, sessions, first, last) in groups.items()
    ]
    people = distinct([part for _uses, users, *_rest in groups.values() for part in users])
    return FeatureUsage(sorted(found, key=lambda one: (-one.uses, one.feature))[:limit], len(found), len(people))


def _points(groups: Groups) -> Points:
    """Starts of steps, uses and people, by feature."""
    points: dict[str, list[tuple[int, int, int]]] = {}
    for (step, feature), (uses, users, *_rest) in sorted(groups.items()):
        points.setdefault(feature, []).append((step, uses, len(distinct(users))))
    return points


def _uses(tenant: str, matching: FeatureFilter, stretch: int) -> Sliced[Groups]:
    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        where: tuple[str, ...] = within(bound, part.start_us, part.end_us)
        where += ("type = 'feature_used'", f"{_FEATURE} != ''")
        if matching.feature:
            where += (f"{_FEATURE} = {bound.text(matching.feature)}",)
        if matching.service:
            where += (f"service = {bound.text(matching.service)}",)
        columns = (
            f"{place.format(MICROS)} AS part",
            f"{stretch_column(MICROS, stretch) if stretch else '0'} AS step",
            f"{_FEATURE} AS feature",
            "count()",
            different("user_id", "user_id != ''"),
            different("session_id", "session_id != ''"),
            f"min({MICROS})",
            f"max({MICROS})",
        )
        return TenantQuery(tenant, "events", columns, where, bound.values, group_by="part, step, feature")

    return Sliced("events", ask, _USES)
