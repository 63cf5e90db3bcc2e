"""Questions about log lines."""

import asyncio
from collections.abc import Sequence

import grpc
import orjson

from binnacle.aggregator.v1 import log_service_pb2 as pb, log_service_pb2_grpc
from services.aggregator.convert import logs as convert, pages
from services.aggregator.convert.histograms import histogram
from services.aggregator.convert.searches import log_search
from services.aggregator.convert.time_ranges import DAY_US, range_from
from services.aggregator.convert.two_way_pages import asked_page, page_of
from services.aggregator.domain.findings.log_patterns import log_patterns
from services.aggregator.domain.ranges.steps import steps_of
from services.aggregator.ports.logs import Logs, Neighbours, StoredLine
from services.aggregator.ports.searches import Cursor, LogSearch, TimeRange
from services.core.clock import Clock
from services.core.errors import InvalidInput, NotFound
from services.runtime.calls import current_call

DEFAULT_CONTEXT = 20
MAX_CONTEXT = 500
DEFAULT_PATTERNS = 100
MAX_PATTERNS = 500
PATTERN_LINES = 100_000


class LogServicer(log_service_pb2_grpc.LogServiceServicer):
    """Finds log lines, what surrounds them, and what they have in common."""

    def __init__(self, logs: Logs, clock: Clock) -> None:
        self._logs = logs
        self._clock = clock

    async def ListLogs(
        self,
        request: pb.ListLogsRequest,
        context: grpc.aio.ServicerContext[pb.ListLogsRequest, pb.ListLogsResponse],
    ) -> pb.ListLogsResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        asked = asked_page(tenant, request, self._clock.now())
        search = log_search(request.filter, asked.range)
        found = await self._logs.page(tenant, search, size + 1, asked.cursor)
        page = page_of(tenant, request, asked, found, size, lambda line: line.position)
        return pb.ListLogsResponse(
            lines=[convert.line(line) for line in page.rows],
            next_page_token=page.next_token,
            previous_page_token=page.previous_token,
            total=await self._logs.count(tenant, search) if request.with_total else None,
        )

    async def GetLogContext(
        self,
        request: pb.GetLogContextRequest,
        context: grpc.aio.ServicerContext[pb.GetLogContextRequest, pb.GetLogContextResponse],
    ) -> pb.GetLogContextResponse:
        tenant = current_call().tenant
        sizes = [
            _context_size(name, getattr(request, name) if request.HasField(name) else DEFAULT_CONTEXT)
            for name in ("before", "after")
        ]
        line = await self._logs.line(tenant, convert.position_of(request.line_id))
        if line is None:
            raise NotFound("there is no such log line, or it is no longer kept")
        among, position = Neighbours(line.service, DAY_US, _host(line) if request.same_host else None), line.position

        async def beside(size: int, *, newer: bool) -> Sequence[StoredLine]:
            return await self._logs.around(tenant, among, size, Cursor(position, newer)) if size else []

        before, after = await asyncio.gather(beside(sizes[0], newer=False), beside(sizes[1], newer=True))
        return pb.GetLogContextResponse(
            before=[convert.line(each) for each in reversed(before)],
            line=convert.line(line),
            after=[convert.line(each) for each in reversed(after)],
        )

    async def ListLogPatterns(
        self,
        request: pb.ListLogPatternsRequest,
        context: grpc.aio.ServicerContext[pb.ListLogPatternsRequest, pb.ListLogPatternsResponse],
    ) -> pb.ListLogPatternsResponse:
        tenant = current_call().tenant
        limit = request.limit or DEFAULT_PATTERNS
        if limit > MAX_PATTERNS:
            raise InvalidInput.of("limit", f"must be between 1 and {MAX_PATTERNS}")
        search = self._search(request)
        total = await self._logs.count(tenant, search)
        one_of = -(-total // PATTERN_LINES) or 1
        lines = await self._logs.masked(tenant, search, one_of)
        found = await asyncio.to_thread(log_patterns, lines)
        return pb.ListLogPatternsResponse(
            patterns=[convert.pattern(one, one_of, total) for one in found[:limit]],
            total=total,
            other=sum(one.count for one in found[limit:]) * one_of,
            fraction=1 / one_of,
        )

    async def GetLogHistogram(
        self,
        request: pb.GetLogHistogramRequest,
        context: grpc.aio.ServicerContext[pb.GetLogHistogramRequest, pb.GetLogHistogramResponse],
    ) -> pb.GetLogHistogramResponse:
        search = self._search(request)
        steps = steps_of(search.range, request.step_seconds)
        found = await self._logs.over_time(current_call().tenant, search, steps)
        return pb.GetLogHistogramResponse(histogram=histogram(steps, convert.named_levels(found)))

    def _search(self, request: pb.ListLogPatternsRequest | pb.GetLogHistogramRequest) -> LogSearch:
        range_ = TimeRange(*range_from(request.filter, self._clock.now(), prefix="filter."))
        return log_search(request.filter, range_)


def _context_size(field: str, given: int) -> int:
    if given > MAX_CONTEXT:
        raise InvalidInput.of(field, f"must be at most {MAX_CONTEXT}")
    return given


def _host(line: StoredLine) -> str:
    attributes = orjson.loads(line.attributes_json or "{}")
    found = attributes.get("host.name") or attributes.get("host")
    return found if isinstance(found, str) else ""
