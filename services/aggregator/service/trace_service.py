"""Questions about traces."""

import asyncio
from collections.abc import Sequence

import grpc

from binnacle.aggregator.v1 import trace_service_pb2 as pb, trace_service_pb2_grpc
from services.aggregator.convert import logs as log_messages, pages, traces as convert
from services.aggregator.convert.ranged_pages import ranged_page, ranged_token
from services.aggregator.convert.searches import hexadecimal, span_search
from services.aggregator.convert.time_ranges import DAY_US, HOUR_US, range_from
from services.aggregator.domain.findings.service_map import service_map
from services.aggregator.domain.findings.trace_tree import summary_of, tree_of
from services.aggregator.ports.logs import Logs, StoredLine
from services.aggregator.ports.searches import Cursor, LogSearch, TimeRange
from services.aggregator.ports.traces import ExemplarSearch, Traces, TraceSummary
from services.core.clock import Clock
from services.core.errors import InvalidInput, NotFound
from services.core.matching import NAME, Matcher, Operator
from services.runtime.calls import current_call
from services.runtime.label_matchers import matchers_from

MAX_SPANS = 10_000
MAX_LINES = 1_000
DEFAULT_TRACES = 20
MAX_TRACES = 200
MAP_SPANS = 1_000_000
MAX_MAP_DAYS = 7
MAX_METRIC = 200
_OLDEST = Cursor((0, "", 0, 0), newer=True)


class TraceServicer(trace_service_pb2_grpc.TraceServiceServicer):
    """Finds traces, draws who calls whom, and leads from metrics to traces."""

    def __init__(self, traces: Traces, logs: Logs, clock: Clock) -> None:
        self._traces = traces
        self._logs = logs
        self._clock = clock

    async def GetTrace(
        self,
        request: pb.GetTraceRequest,
        context: grpc.aio.ServicerContext[pb.GetTraceRequest, pb.GetTraceResponse],
    ) -> pb.GetTraceResponse:
        tenant = current_call().tenant
        trace_id = hexadecimal("trace_id", request.trace_id, 32)
        spans = await self._traces.spans(tenant, trace_id, MAX_SPANS + 1)
        if not spans:
            raise NotFound("there is no such trace, or it is no longer kept")
        if len(spans) > MAX_SPANS:
            raise InvalidInput.of("trace_id", f"must be that of a trace with at most {MAX_SPANS:,} spans")
        whole = summary_of(trace_id, spans)
        lines = await self._lines(tenant, whole)
        placed = await asyncio.to_thread(tree_of, spans)
        return pb.GetTraceResponse(
            summary=convert.summary(whole),
            spans=[convert.span(each, whole.start_ns) for each in placed],
            logs=[log_messages.line(each) for each in lines[:MAX_LINES]],
            more_logs=len(lines) > MAX_LINES,
        )

    async def _lines(self, tenant: str, whole: TraceSummary) -> Sequence[StoredLine]:
        """The log lines of a trace, oldest first, within a day of its spans."""
        range_ = TimeRange(max(0, whole.start_ns // 1_000 - DAY_US), whole.end_ns // 1_000 + DAY_US)
        search = LogSearch(range_, trace_id=whole.trace_id)
        return (await self._logs.page(tenant, search, MAX_LINES + 1, _OLDEST))[::-1]

    async def ListTraces(
        self,
        request: pb.ListTracesRequest,
        context: grpc.aio.ServicerContext[pb.ListTracesRequest, pb.ListTracesResponse],
    ) -> pb.ListTracesResponse:
        tenant = current_call().tenant
        size = request.page_size or DEFAULT_TRACES
        if size > MAX_TRACES:
            raise InvalidInput.of("page_size", f"must be between 1 and {MAX_TRACES}")
        order = convert.ORDERS.get(request.order)
        if order is None:
            raise InvalidInput.of("order", "must be one of TraceOrder")
        range_, before = ranged_page(tenant, request, request.filter, self._clock.now(), HOUR_US)
        search = span_search(request.filter, range_)
        position = None if before is None else (int(before[0]), str(before[1]))
        found = await self._traces.page(tenant, search, order, size + 1, position)
        page = found[:size]
        whole = await self._traces.summaries(tenant, [each.trace_id for each in page]) if page else {}
        last = page[-1].position if len(found) > size else None
        return pb.ListTracesResponse(
            traces=[convert.summary(whole[each.trace_id], each.matching) for each in page if each.trace_id in whole],
            next_page_token=ranged_token(tenant, request, range_, last),
        )

    async def GetServiceMap(
        self,
        request: pb.GetServiceMapRequest,
        context: grpc.aio.ServicerContext[pb.GetServiceMapRequest, pb.GetServiceMapResponse],
    ) -> pb.GetServiceMapResponse:
        tenant = current_call().tenant
        range_ = TimeRange(*range_from(request, self._clock.now(), HOUR_US))
        if range_.to_us - range_.from_us > MAX_MAP_DAYS * DAY_US:
            raise InvalidInput.of("start_time", f"must be at most {MAX_MAP_DAYS} days before end_time")
        one_of = -(-await self._traces.count(tenant, range_) // MAP_SPANS) or 1
        answered = await self._traces.answered_calls(tenant, range_, one_of)
        unanswered = await self._traces.unanswered_calls(tenant, range_, one_of)
        return convert.service_map(service_map(answered, unanswered), one_of)

    async def ListExemplars(
        self,
        request: pb.ListExemplarsRequest,
        context: grpc.aio.ServicerContext[pb.ListExemplarsRequest, pb.ListExemplarsResponse],
    ) -> pb.ListExemplarsResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        if not 1 <= len(request.metric) <= MAX_METRIC:
            raise InvalidInput.of("metric", f"must have 1 to {MAX_METRIC} characters")
        range_, before = ranged_page(tenant, request, request, self._clock.now(), HOUR_US, prefix="")
        search = ExemplarSearch(
            range_,
            (Matcher(NAME, Operator.EQUAL, request.metric), *matchers_from(request.matchers)),
            request.min_value if request.HasField("min_value") else None,
            request.max_value if request.HasField("max_value") else None,
        )
        position = None if before is None else (before[0], before[1], before[2], before[3], float(before[4]))
        found = await self._traces.exemplars(tenant, search, size + 1, position)
        page = found[:size]
        last = page[-1].position if len(found) > size else None
        return pb.ListExemplarsResponse(
            exemplars=convert.exemplars(page),
            next_page_token=ranged_token(tenant, request, range_, last),
        )
