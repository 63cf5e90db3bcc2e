"""Questions about the audit log."""

from binnacle.aggregator.v1 import audit_service_pb2 as pb
from services.aggregator.convert.time_ranges import DAY_US, range_from
from services.aggregator.domain.findings.text_search import text_search
from services.aggregator.ports.audit import AuditSearch
from services.aggregator.ports.searches import Cursor, TimeRange
from services.core.records import AuditRecord
from services.runtime import page_tokens

USUAL_US = 30 * DAY_US


def search_from(tenant: str, asked: pb.ListAuditRecordsRequest, now: float) -> tuple[AuditSearch, Cursor | None]:
    """What is asked for, and where to go on; `now` in Unix seconds. Raises InvalidInput."""
    state = page_tokens.state_of(tenant, asked)
    cursor = None
    if state is None:
        within = TimeRange(*range_from(asked, now, USUAL_US))
    else:
        from_us, to_us, time_us, journal_id, offset, row = state
        within, cursor = TimeRange(from_us, to_us), Cursor((time_us, journal_id, offset, row))
    words = text_search("search", asked.search)
    return AuditSearch(
        within, tuple(asked.kind), tuple(asked.action), tuple(asked.subject), tuple(asked.id), words
    ), cursor


def page_token(tenant: str, asked: pb.ListAuditRecordsRequest, search: AuditSearch, last: AuditRecord) -> str:
    """Where the page after `last` begins, within the range of the first page."""
    within = search.range
    return page_tokens.token_of(tenant, asked, [within.from_us, within.to_us, last.time_us, *last.place])
