"""What campaigns added: their events tell running totals."""

from services.aggregator.adapters.clickhouse.business.event_fields import (
    MICROS,
    Bindings,
    amount_of,
    step_of,
    text_of,
    within,
)
from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.business import Campaign, Period

MOST = 1_000
# An update is compared with the one before it, so long before the period at most.
LOOK_BACK_US = 7 * 86_400_000_000
_COUNTS = ("sent", "opened", "clicked")
_ORDER = "PARTITION BY campaign ORDER BY time, journal_id, offset, row"


def campaigns_query(tenant: str, period: Period) -> TenantQuery:
    """What each campaign added, in millionths, and its last totals; by one reading what all added in each step too."""
    bound = Bindings()
    step = step_of(bound, period.starts) if period.starts else "0"
    updates = TenantQuery(
        tenant,
        _updates(tenant, period, bound),
        ("*", f"toInt64({step}) AS step"),
        (f"at >= {bound.whole(period.from_us)}",),
        bound.values,
    )
    return TenantQuery(
        tenant,
        updates,
        (
            "step",
            "campaign",
            *(f"sum(more_{count}) AS all_{count}" for count in _COUNTS),
            *(f"argMax({count}, place)" for count in _COUNTS),
            "max(at)",
        ),
        group_by="GROUPING SETS ((campaign), (step))" if period.starts else "step, campaign",
        order_by="all_sent DESC, campaign",
        limit_by=f"{MOST} BY step",
    )


def _updates(tenant: str, period: Period, bound: Bindings) -> TenantQuery:
    """Updates with what each added to the one before it; the first of all added all it told."""
    told = TenantQuery(
        tenant,
        "events",
        (
            f"{text_of('data.campaign_id')} AS campaign",
            "time",
            f"{MICROS} AS at",
            "journal_id",
            "offset",
            "row",
            *(f"{amount_of(f'data.{count}')} AS {count}" for count in _COUNTS),
        ),
        (
            *within(bound, period.from_us - LOOK_BACK_US, period.to_us),
            "type = 'CampaignUpdate'",
            "campaign != ''",
        ),
        bound.values,
    )
    former = {
        count: f"ifNull(anyLast({count}) OVER ({_ORDER} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)"
        for count in _COUNTS
    }
    return TenantQuery(
        tenant,
        told,
        (
            "campaign",
            "time",
            "at",
            "(time, journal_id, offset, row) AS place",
            *_COUNTS,
            *(
                f"ifNull({count} - if({count} >= {former[count]}, {former[count]}, 0), 0) AS more_{count}"
                for count in _COUNTS
            ),
        ),
        parameters=bound.values,
    )


def campaign(row: Row) -> Campaign:
    """A row of `campaigns_query`."""
    _step, name, *amounts, last = row
    return Campaign(*[name, *(int(amount or 0) for amount in amounts), last])
