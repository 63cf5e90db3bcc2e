"""Who called whom, by joining spans with the spans they are part of."""

from services.aggregator.adapters.clickhouse.engine.statements import Join, TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.adapters.clickhouse.findings.peers import peer, peer_kind
from services.aggregator.ports.searches import TimeRange

# Callers begin before those who answer, and these at times a moment earlier by their own clocks.
EARLIER_US = 3_600_000_000
LATER_US = 60_000_000
_ANSWERING = "(2, 5)"
_CALLING = "(3, 4)"
_FAILED = 2
_OF_PARENT = "cityHash64(trace_id, parent_span_id) AS link"
_OF_ITSELF = "cityHash64(trace_id, span_id) AS link"
_FIGURES = (
    "count()",
    f"countIf(status = {_FAILED})",
    "quantileExactInclusive(0.5)(duration_ns)",
    "quantileExactInclusive(0.95)(duration_ns)",
)


def answered(tenant: str, range_: TimeRange, one_of: int) -> TenantQuery:
    """Rows of: all callers together, caller, callee, and the fields of Calls from `calls` on.

    A span is a call when its parent is of another service; when it has none; and when it answers somebody unknown.
    """
    found = Conditions()
    columns = (_OF_PARENT, "service AS callee", "duration_ns", "status", "parent_span_id", "kind")
    calls = _spans(tenant, found, columns, range_, one_of)
    earlier = TimeRange(max(0, range_.from_us - EARLIER_US), range_.to_us + LATER_US)
    callers = _spans(tenant, found, (_OF_ITSELF, "service AS caller"), earlier, one_of)
    return TenantQuery(
        tenant,
        calls,
        ("grouping(caller)", "toString(caller)", "toString(callee)", *_FIGURES),
        ("callee != ''", "caller != callee", f"caller != '' OR parent_span_id = '' OR kind IN {_ANSWERING}"),
        found.parameters,
        group_by="GROUPING SETS ((caller, callee), (callee))",
        having="grouping(caller) = 1 OR caller != ''",
        joins=(Join("ANY LEFT", callers, "link"),),
    )


def unanswered(tenant: str, range_: TimeRange, one_of: int) -> TenantQuery:
    """Rows of the fields of Calls."""
    found = Conditions()
    columns = (_OF_ITSELF, "service AS caller", "attributes", "duration_ns", "status")
    calls = _spans(tenant, found, columns, range_, one_of, f"kind IN {_CALLING}", "service != ''")
    later = TimeRange(max(0, range_.from_us - LATER_US), range_.to_us + EARLIER_US)
    answers = _spans(tenant, found, (_OF_PARENT,), later, one_of, f"kind IN {_ANSWERING}", "parent_span_id != ''")
    return TenantQuery(
        tenant,
        calls,
        ("toString(caller)", f"{peer('attributes')} AS callee", *_FIGURES, f"any({peer_kind('attributes')})"),
        (f"{peer('attributes')} != ''",),
        found.parameters,
        group_by="caller, callee",
        joins=(Join("ANTI LEFT", answers, "link"),),
    )


def _spans(
    tenant: str, found: Conditions, columns: tuple[str, ...], range_: TimeRange, one_of: int, *others: str
) -> TenantQuery:
    """Spans of a range, of one in so many traces; their parameters are added to `found`."""
    mine = Conditions(found.parameters)
    mine.within(range_)
    for condition in others:
        mine.add(condition)
    if one_of > 1:
        mine.add(f"cityHash64(trace_id) % {int(one_of)} = 0")
    return TenantQuery(tenant, "spans", columns, mine.where)
