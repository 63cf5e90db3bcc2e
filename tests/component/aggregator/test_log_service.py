"""Log lines through the wired aggregator."""

import itertools
import random
import time
from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import log_service_pb2 as pb
from binnacle.logs.v1.logs_pb2 import LogLevel
from binnacle.query.v1.filters_pb2 import AttributeCondition, LogFilter
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record
from tests.support.log_lines import TEMPLATES, templated
from tests.support.outages import patience

pytestmark = pytest.mark.store
NOW = time.time()
TRACE = "ab" * 16
LINES: list[dict[str, Any]] = [
    {"message": "Payment of 12 EUR failed: card declined", "service": "pay", "level": 4, "trace": TRACE},
    {"message": "payment of 13 EUR succeeded", "service": "pay", "attributes": {"host.name": "a", "amount": 13}},
    {"message": "user-42 logged in", "service": "web", "attributes": {"user": {"plan": "free"}, "admin": False}},
    {"message": "user 42 logged out", "service": "web", "level": 3, "attributes": {"amount": "13"}},
    {"message": "Ärger mit der Karte", "service": "web", "attributes": {"user": {"plan": "pro"}, "admin": True}},
]
ROWS = [{**line, "time": NOW - 60 - number} for number, line in enumerate(LINES)]


async def found(aggregator: Aggregator, **conditions: Any) -> set[int]:
    """Numbers of the lines that a filter finds."""
    answer = await aggregator.logs.ListLogs(pb.ListLogsRequest(filter=LogFilter(**conditions), with_total=True))
    messages = [line.message for line in answer.lines]
    assert answer.total == len(messages)
    return {number for number, line in enumerate(LINES) if line["message"] in messages}


def condition(path: Sequence[str], operator: str = "EQUAL", **value: Any) -> AttributeCondition:
    return AttributeCondition(path=path, operator=AttributeCondition.Operator.Value(f"OPERATOR_{operator}"), **value)


async def test_lines_are_found_by_what_they_are(aggregator: Aggregator) -> None:
    await aggregator.store(record(accepted=NOW, logs=ROWS))
    assert await found(aggregator) == {0, 1, 2, 3, 4}
    assert await found(aggregator, services=["pay"]) == {0, 1}
    assert await found(aggregator, levels=[LogLevel.LOG_LEVEL_ERROR, LogLevel.LOG_LEVEL_WARNING]) == {0, 3}
    assert await found(aggregator, trace_id=TRACE.upper()) == {0}
    early, late = Timestamp(seconds=int(NOW) - 3_600), Timestamp(seconds=int(NOW) - 600)
    assert await found(aggregator, start_time=early, end_time=late) == set()


async def test_words_and_phrases(stored_lines: Aggregator) -> None:
    for text, lines in (
        ("PAYMENT eur", {0, 1}),
        ("pay", set()),
        ("user 42", {2, 3}),
        ("user-42", {2}),
        ('"logged in"', {2}),
        ('"of 12 EUR failed"', {0}),
        ("logged -out", {2}),
        ('payment -"card declined"', {1}),
        ("Ärger", {4}),
        (":", {0}),
        ("it's", set()),
    ):
        assert await found(stored_lines, text=text) == lines, text


async def test_attributes_are_compared_by_type(stored_lines: Aggregator) -> None:
    for conditions, lines in (
        ([condition(["amount"], number=13)], {1}),
        ([condition(["amount"], text="13")], {3}),
        ([condition(["amount"], "NOT_EQUAL", number=13)], {0, 2, 3, 4}),
        ([condition(["amount"], "LESS", number=13)], set()),
        ([condition(["amount"], "LESS_OR_EQUAL", number=13)], {1}),
        ([condition(["amount"], "GREATER", number=12.5)], {1}),
        ([condition(["host.name"], "EXISTS")], {1}),
        ([condition(["amount"], "ABSENT")], {0, 2, 4}),
        ([condition(["user", "plan"], text="pro")], {4}),
        ([condition(["user", "plan"], "GREATER_OR_EQUAL", text="pro")], {4}),
        ([condition(["admin"], flag=False)], {2}),
        ([condition(["admin"], "EXISTS"), condition(["admin"], "NOT_EQUAL", flag=False)], {4}),
    ):
        assert await found(stored_lines, attributes=conditions) == lines, conditions


async def test_regular_expressions(stored_lines: Aggregator) -> None:
    assert await found(stored_lines, pattern=r"user.\d+ logged (in|out)$") == {2, 3}
    assert await found(stored_lines, pattern="(?i)^PAYMENT") == {0, 1}


@pytest.fixture
async def stored_lines(aggregator: Aggregator) -> Aggregator:
    await aggregator.store(record(accepted=NOW, logs=ROWS))
    return aggregator


BAD_FILTERS = (
    (LogFilter(pattern="(a"), "filter.pattern"),
    (LogFilter(pattern="a{1000}{1000}"), "filter.pattern"),
    (LogFilter(pattern=r"(?=a)\1"), "filter.pattern"),
    (LogFilter(pattern="(" * 900), "filter.pattern"),
    (LogFilter(pattern="a" * 1_001), "filter.pattern"),
    (LogFilter(text='"open'), "filter.text"),
    (LogFilter(text="a " * 21), "filter.text"),
    (LogFilter(trace_id="xyz"), "filter.trace_id"),
    (LogFilter(levels=[LogLevel.LOG_LEVEL_UNSPECIFIED]), "filter.levels"),
    (LogFilter(services=[str(n) for n in range(101)]), "filter.services"),
    (LogFilter(attributes=[condition([])]), "filter.attributes[0].path"),
    (LogFilter(attributes=[condition(["a"])]), "filter.attributes[0].text"),
    (LogFilter(attributes=[condition(["a"], "LESS", flag=True)]), "filter.attributes[0].operator"),
    (LogFilter(attributes=[condition(["a"], "EXISTS", text="x")]), "filter.attributes[0].text"),
    (LogFilter(attributes=[condition(["a"], number=float("nan"))]), "filter.attributes[0].number"),
    (LogFilter(start_time=Timestamp(seconds=9), end_time=Timestamp(seconds=9)), "filter.start_time"),
)


async def test_bad_filters_are_refused_by_field(aggregator: Aggregator) -> None:
    calls = (
        (aggregator.logs.ListLogs, pb.ListLogsRequest),
        (aggregator.logs.ListLogPatterns, pb.ListLogPatternsRequest),
        (aggregator.logs.GetLogHistogram, pb.GetLogHistogramRequest),
    )
    for (filter_, field), (call, kind) in itertools.product(BAD_FILTERS, calls):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call(kind(filter=filter_))
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert str(error.value.details()).startswith(f"{field}: ")


async def test_an_exploding_expression_ends(aggregator: Aggregator) -> None:
    text = "x" * 16_000
    await aggregator.store(record(accepted=NOW, logs=[{"message": text, "time": NOW - 60}] * 50))
    began = time.monotonic()
    for pattern in ("(x+x+)+y", "(x|x|xx)*y", "^(((x+)+)+)+$z"):
        answer = await aggregator.logs.ListLogs(pb.ListLogsRequest(filter=LogFilter(pattern=pattern)))
        assert not answer.lines
    assert time.monotonic() - began < patience(10)


async def test_pages_lead_there_and_back(aggregator: Aggregator) -> None:
    rows = [{"message": f"line {number}", "time": NOW - 60 - number // 4} for number in range(25)]
    await aggregator.store(record(accepted=NOW, logs=rows))
    forth, token = [], ""
    while True:
        page = await aggregator.logs.ListLogs(pb.ListLogsRequest(page_size=10, page_token=token))
        assert bool(page.previous_page_token) is bool(token)
        forth.append([line.message for line in page.lines])
        if not page.next_page_token:
            break
        token = page.next_page_token
    assert sorted(itertools.chain.from_iterable(forth)) == sorted(str(row["message"]) for row in rows)
    back = [forth[-1]]
    while page.previous_page_token:
        request = pb.ListLogsRequest(page_size=10, page_token=page.previous_page_token)
        page = await aggregator.logs.ListLogs(request)
        assert page.next_page_token
        back.append([line.message for line in page.lines])
    assert back == forth[::-1]
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await aggregator.logs.ListLogs(pb.ListLogsRequest(page_token=token), metadata=as_tenant("other"))
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_what_surrounds_a_line(aggregator: Aggregator) -> None:
    rows = [
        {
            "message": f"line {number}",
            "service": "shop" if number % 2 else "cart",
            "time": NOW - 100 + number,
            "attributes": {"host.name": "a" if number % 4 < 2 else "b"},
        }
        for number in range(60)
    ]
    await aggregator.store(record(accepted=NOW, logs=rows))
    listed = await aggregator.logs.ListLogs(pb.ListLogsRequest(filter=LogFilter(text='"line 31"')))
    [line] = listed.lines
    request = pb.GetLogContextRequest(line_id=line.line_id, before=3, after=2)
    around = await aggregator.logs.GetLogContext(request)
    assert around.line == line
    assert [each.message for each in around.before] == ["line 25", "line 27", "line 29"]
    assert [each.message for each in around.after] == ["line 33", "line 35"]
    request.same_host = True
    around = await aggregator.logs.GetLogContext(request)
    assert [each.message for each in around.before] == ["line 19", "line 23", "line 27"]
    assert [each.message for each in around.after] == ["line 35", "line 39"]
    for given, code in (("", "INVALID_ARGUMENT"), ("e30", "INVALID_ARGUMENT"), (line.line_id, "NOT_FOUND")):
        call = pb.GetLogContextRequest(line_id=given)
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await aggregator.logs.GetLogContext(call, metadata=as_tenant("other"))
        assert error.value.code().name == code


async def test_lines_are_counted_by_level(aggregator: Aggregator) -> None:
    start = int(NOW) // 60 * 60 - 600
    rows = [{"message": "m", "level": 2 + 2 * (n % 3 == 0), "time": start + n} for n in range(180)]
    await aggregator.store(record(accepted=NOW, logs=rows))
    within = LogFilter(start_time=Timestamp(seconds=start + 30), end_time=Timestamp(seconds=start + 150))
    answer = await aggregator.logs.GetLogHistogram(pb.GetLogHistogramRequest(filter=within, step_seconds=60))
    counts = {series.name: list(series.counts) for series in answer.histogram.series}
    assert counts == {"info": [20, 40, 20], "error": [10, 20, 10]}
    assert [time.seconds for time in answer.histogram.start_times] == [start, start + 60, start + 120]


async def test_ten_thousand_lines_of_twenty_templates(aggregator: Aggregator) -> None:
    lines = templated(random.Random(7), 10_000)
    rows = [
        {"message": line.text, "level": line.level, "service": "s", "time": NOW - 5_000 + n / 4}
        for n, line in enumerate(lines)
    ]
    await aggregator.store(record(accepted=NOW, logs=rows))
    answer = await aggregator.logs.ListLogPatterns(pb.ListLogPatternsRequest())
    truth = {template: sum(line.template == template for line in lines) for template in TEMPLATES}
    assert {pattern.template: pattern.count for pattern in answer.patterns} == truth
    assert (answer.total, answer.other, answer.fraction) == (10_000, 0, 1)
    for pattern in answer.patterns:
        of_it = [row for row, line in zip(rows, lines, strict=True) if line.template == pattern.template]
        assert pattern.share == pytest.approx(len(of_it) / 10_000)
        assert pattern.sample in {row["message"] for row in of_it}
        assert abs(pattern.first_time.ToMicroseconds() / 1e6 - of_it[0]["time"]) < 1e-3
        assert abs(pattern.last_time.ToMicroseconds() / 1e6 - of_it[-1]["time"]) < 1e-3
        assert {one.level: one.count for one in pattern.levels} == {of_it[0]["level"]: len(of_it)}
