"""All sessions of a range, each by a hash of its id: when it began and ended, and what happened in it."""

import numpy as np

from services.aggregator.adapters.clickhouse.business.event_fields import FAILED, MICROS, Bindings, within
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.slices.column_merging import ColumnMerging, Columns
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import MEMBERS, Groups, RowMerging, different
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.ports.sessions import SessionFigures

# Key: session; figures: first and last time, events, page views, errors, purchases, conversions.
_LIVES = ColumnMerging(("min", "max", "sum", "sum", "sum", "sum", "sum"))
_VISITORS = RowMerging(0, (MEMBERS,))
_IN_SESSION = "session_id != ''"


def lives_of(tenant: str, service: str) -> Sliced[Columns]:
    """Sessions by hash."""

    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        counted = (
            "1",
            "type = 'page_view'",
            FAILED,
            "type = 'purchase'",
            "type = 'conversion'",
        )
        columns = (
            f"{place.format(MICROS)} AS part",
            "sipHash64(session_id) AS session",
            f"min({MICROS})",
            f"max({MICROS})",
            *(f"toInt64(countIf({condition}))" for condition in counted),
        )
        where = _where(part, service, bound)
        return TenantQuery(tenant, "events", columns, where, bound.values, group_by="part, session")

    return Sliced("events", ask, _LIVES)


def visitors_of(tenant: str, service: str) -> Sliced[Groups]:
    """The people of all sessions."""

    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        columns = (f"{place.format(MICROS)} AS part", different("user_id", "user_id != ''"))
        return TenantQuery(tenant, "events", columns, _where(part, service, bound), bound.values, group_by="part")

    return Sliced("events", ask, _VISITORS)


def _where(part: Part, service: str, bound: Bindings) -> tuple[str, ...]:
    where = (*within(bound, part.start_us, part.end_us), _IN_SESSION)
    return (*where, f"service = {bound.text(service)}") if service else where


def session_figures(sessions: Columns, users: int, active_from_us: int) -> SessionFigures:
    """Figures over all of them."""
    keys, first, last, events, pages, errors, purchases, conversions = sessions
    seconds = (last - first) / 1e6
    count = len(keys)
    return SessionFigures(
        sessions=count,
        active=int(np.count_nonzero(last >= active_from_us)),
        users=users,
        average_seconds=float(seconds.mean()) if count else 0.0,
        median_seconds=float(np.median(seconds)) if count else 0.0,
        events=int(events.sum()),
        page_views=int(pages.sum()),
        with_pages=int(np.count_nonzero(pages)),
        bounced=int(np.count_nonzero(pages == 1)),
        with_errors=int(np.count_nonzero(errors)),
        with_purchase=int(np.count_nonzero(purchases)),
        with_conversion=int(np.count_nonzero(conversions)),
    )
