"""What is promised of questions about events, log lines, errors and traces, by the embedded store and by a server."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.findings.errors import ClickHouseErrors
from services.aggregator.adapters.clickhouse.findings.events import ClickHouseEvents
from services.aggregator.adapters.clickhouse.findings.logs import ClickHouseLogs
from services.aggregator.adapters.clickhouse.findings.traces import ClickHouseTraces
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.domain.findings.text_search import text_search
from services.aggregator.ports.searches import (
    AttributeCondition,
    Comparison,
    Counts,
    Cursor,
    ErrorSearch,
    EventSearch,
    LogSearch,
    SpanSearch,
    Steps,
    TimeRange,
)
from services.aggregator.ports.traces import ExemplarSearch
from services.core.errors import InvalidInput
from services.core.matching import NAME, Matcher, Operator
from tests.support.journals import NOW, record, segment
from tests.support.span_trees import CLIENT, MS, SERVER, MadeSpan, telemetry
from tests.support.stores import MAKERS, opened
from tests.support.telemetry import exemplars, filled, histogram

pytestmark = pytest.mark.store
HARD_TEXT = "läden \"1\" \\ \n\t'x' {a:b} 🧭"
RANGE = TimeRange(round((NOW - 3_600) * 1e6), round((NOW + 1) * 1e6))
TRACE = "ab" * 16


@pytest.fixture(params=["chdb", "server"])
async def reader(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reader]:
    events = [
        {"type": "t", "service": "s", "user": HARD_TEXT, "time": NOW - 3, "data": {HARD_TEXT: HARD_TEXT, "n": 0.5}},
        {"type": "t", "user": "u", "session": "x", "time": NOW - 2, "data": {"n": -1e20, "flag": True}},
        {"type": "error", "service": "s", "user": "u", "time": NOW - 1, "data": {"error": HARD_TEXT}},
        {"type": "deploy", "service": "s", "time": NOW - 9, "data": {"version": "1.2"}},
    ]
    logs = [
        {"message": HARD_TEXT, "level": 4, "service": "s", "trace": TRACE, "time": NOW - 1.5},
        {"message": "order 7 taken", "service": "s", "time": NOW - 1},
    ]
    root = MadeSpan(TRACE, "1" * 16, "", "web", HARD_TEXT, CLIENT, round((NOW - 5) * 1e9), 9 * MS)
    root.attributes = {"peer.service": "bank"}
    child = MadeSpan(TRACE, "2" * 16, root.span_id, "s", "pay", SERVER, root.start_ns, 5 * MS, True)
    child.message = HARD_TEXT
    told = replace(telemetry([root, child]), exemplars=exemplars(1, NOW - 1))
    told = replace(told, histograms=histogram(1, NOW - 1, [1, 0, 0], 0.1).histograms)
    store = MAKERS[request.param](tmp_path / "store")
    assert isinstance(store, ClickHouseStore)
    async with opened(store):
        whole = record(events=events, logs=logs, series=[(1, "latency", {"service": "s"})], kind=4)
        await store.commit(segment(filled(whole, told), record(tenant="other", events=events, logs=logs)))
        yield store.reader


async def test_events(reader: Reader) -> None:
    events = ClickHouseEvents(reader)
    hard = EventSearch(RANGE, types=("t",), user_ids=(HARD_TEXT,), text=text_search("f", '"0.5"'))
    [one] = await events.page("default", hard, 10)
    assert (one.user_id, one.service) == (HARD_TEXT, "s")
    conditions: list[tuple[tuple[str, ...], Comparison, str | float | bool | None, int]] = [
        ((HARD_TEXT,), "=", HARD_TEXT, 1),
        (("n",), "<", 0.0, 1),
        (("n",), ">=", 0.5, 1),
        (("n",), "=", -1e20, 1),
        (("flag",), "=", True, 1),
        (("flag",), "!=", True, 3),
        (("n",), "absent", None, 2),
    ]
    for path, comparison, value, count in conditions:
        search = EventSearch(RANGE, attributes=(AttributeCondition(path, comparison, value),))
        assert await events.count("default", search) == count, (path, comparison)
    newest, *_older = await events.page("default", EventSearch(RANGE), 10)
    older = await events.page("default", EventSearch(RANGE), 2, Cursor((newest.time_us, *newest.place)))
    assert [event.type for event in older] == ["t", "t"]
    back = await events.page(
        "default", EventSearch(RANGE), 9, Cursor((older[-1].time_us, *older[-1].place), newer=True)
    )
    assert [event.type for event in back] == ["error", "t"]
    counts = await events.over_time("default", EventSearch(RANGE), Steps(int(NOW) - 60, 60, 2), "type")
    assert counts[0] == Counts("t", [2, 0])


async def test_log_lines(reader: Reader) -> None:
    logs = ClickHouseLogs(reader)
    [line] = await logs.page("default", LogSearch(RANGE, levels=(4, 5), services=("s",), trace_id=TRACE), 10)
    assert line.message == HARD_TEXT
    assert await logs.line("default", line.position) == line
    assert await logs.line("nobody", line.position) is None
    for text, count in ((f'"{HARD_TEXT.split(chr(34))[0]}"', 1), ("läden -order", 1), ("ORDER 7", 1), ("orde", 0)):
        assert await logs.count("default", LogSearch(RANGE, text=text_search("f", text))) == count, text
    assert await logs.count("default", LogSearch(RANGE, pattern=r"^order \d taken$")) == 1
    with pytest.raises(InvalidInput, match=r"filter\.pattern"):
        await logs.count("nobody", LogSearch(RANGE, pattern="("))
    masked = await logs.masked("default", LogSearch(RANGE, text=text_search("f", "taken")), 1)
    assert [(one.message, one.count, one.levels) for one in masked] == [("order <*> taken", 1, {2: 1})]
    assert await logs.over_time("default", LogSearch(RANGE), Steps(int(NOW) - 60, 60, 2)) == [
        Counts("2", [1, 0]),
        Counts("4", [1, 0]),
    ]


async def test_traces(reader: Reader) -> None:
    traces = ClickHouseTraces(reader)
    [found] = await traces.page("default", SpanSearch(RANGE, operations=(HARD_TEXT,)), "longest", 5)
    assert (found.position, found.matching) == ((9 * MS, TRACE), 1)
    assert await traces.page("default", SpanSearch(RANGE), "longest", 5, found.position) == []
    spans = await traces.spans("default", TRACE, 5)
    assert [(span.name, span.duration_ns) for span in spans] == [(HARD_TEXT, 9 * MS), ("pay", 5 * MS)]
    whole = (await traces.summaries("default", [TRACE]))[TRACE]
    assert (whole.operation, whole.spans, whole.failed, list(whole.services)) == (HARD_TEXT, 2, 1, ["s", "web"])
    answered = await traces.answered_calls("default", RANGE, 1)
    calls = {(one.caller, one.callee): (one.calls, one.errors, one.p50_ns) for one in answered}
    assert calls == {("web", "s"): (1, 1, 5 * MS), (None, "s"): (1, 1, 5 * MS), (None, "web"): (1, 0, 9 * MS)}
    assert await traces.unanswered_calls("default", RANGE, 1) == []
    search = ExemplarSearch(RANGE, (Matcher(NAME, Operator.EQUAL, "latency"),), 0.25, 0.25)
    [exemplar] = await traces.exemplars("default", search, 5)
    assert exemplar.labels == {"service": "s"}
    assert await traces.exemplars("default", search, 5, exemplar.position) == []


async def test_errors(reader: Reader) -> None:
    errors = ClickHouseErrors(reader)
    [one] = await errors.groups("default", ErrorSearch(RANGE), "count", 5)
    assert (one.events, one.logs, one.spans, one.users) == (1, 1, 1, 1)
    assert [(release.version, release.count) for release in one.releases] == [("1.2", 3)]
    assert (one.sample.message, one.sample.source) == (HARD_TEXT, "event")
    assert await errors.group("default", ErrorSearch(RANGE), one.fingerprint) is not None
    assert await errors.groups("default", ErrorSearch(RANGE), "count", 5, one.position) == []
    found = await errors.occurrences("default", ErrorSearch(RANGE), one.fingerprint, 2)
    [last] = await errors.occurrences("default", ErrorSearch(RANGE), one.fingerprint, 2, found[-1].position)
    assert [each.source for each in (*found, last)] == ["event", "log", "span"]
    only = ErrorSearch(RANGE, sources=("span",), text=text_search("f", "läden"))
    assert [group.spans for group in await errors.groups("default", only, "users", 5)] == [1]
