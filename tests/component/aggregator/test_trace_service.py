"""Traces through the wired aggregator."""

import random
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import trace_service_pb2 as pb
from binnacle.query.v1.filters_pb2 import AttributeCondition, SpanFilter
from binnacle.query.v1.query_pb2 import Matcher
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record
from tests.support.span_trees import CLIENT, MS, SERVER, MadeSpan, Shop, telemetry
from tests.support.telemetry import exemplars, filled, histogram

pytestmark = pytest.mark.store
NOW = time.time()
START_NS = int(NOW - 600) * 1_000_000_000
Map = pb.GetServiceMapRequest


async def made(aggregator: Aggregator, count: int) -> Shop:
    """A shop whose traces are stored, spans in any order."""
    shop = Shop(random.Random(3), START_NS)
    for number in range(count):
        shop.trace(number)
    spans = shop.spans[:]
    random.Random(4).shuffle(spans)
    await aggregator.store(filled(record(accepted=NOW), telemetry(spans)))
    return shop


async def test_the_map_of_a_known_graph(aggregator: Aggregator) -> None:
    truth = (await made(aggregator, 300)).truth
    answer = await aggregator.traces.GetServiceMap(Map())
    assert answer.fraction == 1
    edges = {(edge.caller, edge.callee): edge for edge in answer.edges}
    nodes = {("", node.name): node for node in answer.nodes}
    found = edges | nodes
    assert set(found) == set(truth.durations)
    for pair, durations in truth.durations.items():
        assert (found[pair].calls, found[pair].errors) == (len(durations), truth.errors[pair])
        assert found[pair].p50_ms == pytest.approx(np.percentile(durations, 50) / MS)
        assert found[pair].p95_ms == pytest.approx(np.percentile(durations, 95) / MS)
    kinds = {node.name: pb.ServiceNode.Kind.Name(node.kind)[5:].lower() for node in answer.nodes}
    services = dict.fromkeys(("web", "shop", "pay", "mail"), "service")
    assert kinds == services | {"postgresql": "database", "bank.example": "external", "kafka": "queue"}
    assert not (await aggregator.traces.GetServiceMap(Map(), metadata=as_tenant("other"))).nodes


async def test_a_trace_is_a_tree_with_its_logs(aggregator: Aggregator) -> None:
    shop = Shop(random.Random(5), START_NS)
    shop.trace(0)
    trace = shop.spans[0].trace_id
    lost = MadeSpan(trace, "f" * 16, "e" * 16, "lost", "late", SERVER, START_NS + 10**10, MS)
    lost.events = [{"time_unix_ns": START_NS, "name": "exception", "attributes": {"exception.type": "E"}}]
    logs = [
        {"message": f"line {n}", "trace": trace if n % 2 else "cd" * 16, "span": "f" * 16, "time": NOW - 500 + n}
        for n in range(10)
    ]
    spans = [*shop.spans[::-1], lost, replace(lost)]
    await aggregator.store(filled(record(accepted=NOW, logs=logs), telemetry(spans)))
    answer = await aggregator.traces.GetTrace(pb.GetTraceRequest(trace_id=trace.upper()))
    assert len(answer.spans) == len(shop.spans) + 1
    depths = {"": -1}
    for span in answer.spans[:-1]:
        assert span.depth == depths[span.parent_span_id] + 1
        depths[span.span_id] = span.depth
        assert 0 <= span.self_ms <= span.duration_ms
    assert (answer.spans[-1].orphan, answer.spans[-1].depth, answer.spans[-1].service) == (True, 0, "lost")
    assert answer.spans[-1].events[0].attributes["exception.type"] == "E"
    assert [line.message for line in answer.logs] == [f"line {n}" for n in (1, 3, 5, 7, 9)]
    assert not answer.more_logs
    assert (answer.summary.service, answer.summary.operation) == ("web", "GET /buy")
    assert answer.summary.span_count == len(answer.spans)
    assert answer.summary.failed_span_count == sum(span.failed for span in answer.spans)
    assert answer.summary.duration_ms == pytest.approx((lost.start_ns + MS - shop.spans[0].start_ns) / MS)
    for given, code in (("ff" * 16, "NOT_FOUND"), ("ff", "INVALID_ARGUMENT")):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await aggregator.traces.GetTrace(pb.GetTraceRequest(trace_id=given))
        assert error.value.code().name == code


async def test_traces_are_listed_by_what_one_of_their_spans_is(aggregator: Aggregator) -> None:
    shop = await made(aggregator, 40)
    by_trace: dict[str, list[MadeSpan]] = defaultdict(list)
    for span in shop.spans:
        by_trace[span.trace_id].append(span)

    async def listed(**conditions: Any) -> list[str]:
        found: list[str] = []
        token = ""
        while True:
            request = pb.ListTracesRequest(filter=SpanFilter(**conditions), page_size=7, page_token=token)
            page = await aggregator.traces.ListTraces(request)
            found += [trace.trace_id for trace in page.traces]
            token = page.next_page_token
            if not token:
                return found

    def those(match: Callable[[MadeSpan], bool]) -> list[str]:
        first = {
            trace: min(span.start_ns for span in spans if match(span))
            for trace, spans in by_trace.items()
            if any(map(match, spans))
        }
        return sorted(first, key=lambda trace: (first[trace], trace), reverse=True)

    assert await listed() == those(lambda span: True)
    assert await listed(services=["pay"]) == those(lambda span: span.service == "pay")
    assert await listed(operations=["SELECT"], failed=True) == those(lambda span: span.name == "SELECT" and span.failed)
    assert await listed(min_duration_ms=495) == those(lambda span: span.duration_ns >= 495 * MS)
    assert await listed(max_duration_ms=5, root=True) == those(lambda s: s.duration_ns <= 5 * MS and not s.parent)
    bank = AttributeCondition(path=["server.address"], text="bank.example")
    assert await listed(attributes=[bank]) == those(lambda s: s.attributes.get("server.address") == "bank.example")
    longest = pb.ListTracesRequest(order=pb.TRACE_ORDER_LONGEST, page_size=3)
    found = (await aggregator.traces.ListTraces(longest)).traces
    durations = {trace: max(span.duration_ns for span in spans) for trace, spans in by_trace.items()}
    assert [trace.trace_id for trace in found] == sorted(durations, key=durations.__getitem__, reverse=True)[:3]
    one, spans = found[0], by_trace[found[0].trace_id]
    assert (one.span_count, one.matching_span_count) == (len(spans), len(spans))
    assert one.failed_span_count == sum(span.failed for span in spans)
    assert list(one.services) == sorted({span.service for span in spans})
    assert (one.service, one.operation) == ("web", "GET /buy")


async def test_calls_that_nobody_answered_are_beside_those_that_were(aggregator: Aggregator) -> None:
    def call(number: int, answered: bool) -> list[MadeSpan]:
        trace, start = f"{number:032x}", START_NS + number
        asked = MadeSpan(trace, f"{number:016x}", "", "web", "ask", CLIENT, start, 2 * MS, not answered)
        asked.attributes = {"peer.service": "shop"}
        answer = MadeSpan(trace, f"{number + 99:016x}", asked.span_id, "shop", "ask", SERVER, start, MS)
        return [asked, answer] if answered else [asked]

    spans = [span for number in range(1, 11) for span in call(number, number % 5 != 0)]
    await aggregator.store(filled(record(accepted=NOW), telemetry(spans)))
    answer = await aggregator.traces.GetServiceMap(Map())
    [edge] = answer.edges
    assert (edge.caller, edge.callee, edge.calls, edge.errors, edge.p50_ms) == ("web", "shop", 10, 2, 1)
    nodes = {node.name: (node.kind, node.calls, node.errors) for node in answer.nodes}
    assert nodes == {"web": (pb.ServiceNode.KIND_SERVICE, 10, 2), "shop": (pb.ServiceNode.KIND_SERVICE, 10, 2)}


async def test_exemplars_lead_to_traces(aggregator: Aggregator) -> None:
    series = [(n, "latency", {"service": f"s{n}"}) for n in range(1, 6)]
    records = [record(accepted=NOW, series=series, kind=4)]
    for n in range(1, 6):
        one = replace(exemplars(n, NOW - n), trace_ids=[f"{n:032x}"], values=np.array([n / 10]))
        records.append(filled(record(accepted=NOW), replace(histogram(n, NOW - n, [1, 0, 0], 0.1), exemplars=one)))
    await aggregator.store(*records)
    request = pb.ListExemplarsRequest(metric="latency", page_size=2)
    traces = []
    while True:
        page = await aggregator.traces.ListExemplars(request)
        traces += [int(one.trace_id, 16) for one in page.exemplars]
        request.page_token = page.next_page_token
        if not request.page_token:
            break
    assert traces == [1, 2, 3, 4, 5]
    some = Matcher(label="service", operator=Matcher.OPERATOR_MATCHES, value="s[1-4]")
    request = pb.ListExemplarsRequest(metric="latency", matchers=[some], min_value=0.3)
    found = (await aggregator.traces.ListExemplars(request)).exemplars
    assert [(one.labels["service"], one.value) for one in found] == [("s3", 0.3), ("s4", 0.4)]
    assert not (await aggregator.traces.ListExemplars(pb.ListExemplarsRequest(metric="other"))).exemplars


async def test_bad_questions_are_refused_by_field(aggregator: Aggregator) -> None:
    bad = Matcher(label="a", operator=Matcher.OPERATOR_MATCHES, value="(")
    week = Map(start_time=Timestamp(seconds=int(NOW) - 8 * 86_400))
    negative = SpanFilter(min_duration_ms=-1)
    calls = (
        (aggregator.traces.ListTraces, pb.ListTracesRequest(page_size=201), "page_size"),
        (aggregator.traces.ListTraces, pb.ListTracesRequest(page_token="x"), "page_token"),
        (
            aggregator.traces.ListTraces,
            pb.ListTracesRequest(filter=negative),
            "filter.min_duration_ms",
        ),
        (
            aggregator.traces.ListTraces,
            pb.ListTracesRequest(filter=SpanFilter(min_duration_ms=2, max_duration_ms=1)),
            "filter.min_duration_ms",
        ),
        (aggregator.traces.GetServiceMap, week, "start_time"),
        (aggregator.traces.ListExemplars, pb.ListExemplarsRequest(), "metric"),
        (aggregator.traces.ListExemplars, pb.ListExemplarsRequest(metric="m", matchers=[bad]), "matchers"),
    )
    for call, request, field in calls:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert str(error.value.details()).startswith(field)
