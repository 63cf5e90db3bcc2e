"""Stories as messages."""

from typing import Any

from binnacle.aggregator.v1 import session_service_pb2 as pb
from binnacle.logs.v1 import logs_pb2
from services.aggregator.convert import pages
from services.aggregator.convert.dashboard import struct, timestamp
from services.aggregator.ports.sessions import StoryEntry, StoryLog, StoryPosition, StorySpan
from services.runtime import page_tokens


def after_from(tenant: str, asked: Any) -> tuple[tuple[int, int] | None, StoryPosition | None]:
    """The range of the first page, and where to go on; nothing for the first page. Raises InvalidInput."""
    state = page_tokens.state_of(tenant, asked)
    if state is None:
        return None, None
    from_us, to_us, time_us, kind, journal_id, offset, row = state
    return (int(from_us), int(to_us)), (int(time_us), int(kind), str(journal_id), int(offset), int(row))


def page_token(tenant: str, asked: Any, within: tuple[int, int], last: StoryEntry) -> str:
    """Where the page after `last` begins, within the range of the first page."""
    return page_tokens.token_of(tenant, asked, (*within, *last.position))


def entry(one: StoryEntry) -> pb.StoryEntry:
    """One thing that happened."""
    time, what = timestamp(one.what.time_us), one.what
    if isinstance(what, StoryLog):
        return pb.StoryEntry(time=time, log=_log(what))
    if isinstance(what, StorySpan):
        return pb.StoryEntry(time=time, span=_span(what))
    return pb.StoryEntry(time=time, event=pages.event(what))


def _log(line: StoryLog) -> logs_pb2.LogRecord:
    return logs_pb2.LogRecord(
        time=timestamp(line.time_us),
        level=logs_pb2.LogLevel.ValueType(line.level),
        service=line.service,
        message=line.message,
        trace_id=line.trace_id,
        attributes=struct(line.attributes_json),
    )


def _span(span: StorySpan) -> pb.StorySpan:
    return pb.StorySpan(
        trace_id=span.trace_id,
        span_id=span.span_id,
        name=span.name,
        service=span.service,
        duration_ms=span.duration_ms,
        failed=span.failed,
    )
