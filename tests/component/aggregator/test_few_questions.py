"""How often the store is asked for an answer: to understand a question takes it longer than to read a page."""

import dataclasses
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from services.aggregator.adapters.clickhouse.access.audit import ClickHouseAuditLog
from services.aggregator.adapters.clickhouse.business.sessions import ClickHouseSessions
from services.aggregator.adapters.clickhouse.business.stories import ClickHouseStories
from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.findings.events import ClickHouseEvents
from services.aggregator.adapters.clickhouse.findings.logs import ClickHouseLogs
from services.aggregator.adapters.clickhouse.newest import newest_rows
from services.aggregator.adapters.clickhouse.reports.changes import ClickHouseChanges
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.ports.audit import AuditSearch
from services.aggregator.ports.changes import ChangeFilter
from services.aggregator.ports.logs import Neighbours
from services.aggregator.ports.records import WarningColumns
from services.aggregator.ports.searches import Cursor, EventSearch, LogSearch, TimeRange
from services.aggregator.ports.sessions import SessionFilter, StoryLog, Subject
from services.aggregator.ports.store import EventFilter, Segment, StoredEvent
from services.aggregator.ports.warnings import WarningFilter
from services.core.conventions import CHANGE_EVENTS
from tests.support.journals import JOURNAL, NOW, read, record, segment
from tests.support.stores import chdb_store

pytestmark = pytest.mark.store

MICRO = 1_000_000
NOW_US = round(NOW * MICRO)
HOUR_US = 3_600 * MICRO
RANGE = (NOW_US - 24 * HOUR_US, NOW_US + HOUR_US)
TRACE = "a" * 32


class Asked:
    """The questions that the engine was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: list[Statement] = []
        query_bytes = ChdbEngine.query_bytes

        def noted(engine: ChdbEngine, statement: Statement, form: str) -> bytes:
            self.statements.append(statement)
            return query_bytes(engine, statement, form)

        monkeypatch.setattr(ChdbEngine, "query_bytes", noted)

    def take(self) -> list[Statement]:
        """Those since the last time."""
        taken, self.statements = self.statements, []
        return taken


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ClickHouseStore]:
    """Two sessions of one person: the older names a trace, of which there is a log line hours later."""
    opened = chdb_store(tmp_path / "store")
    await opened.open()
    events = [
        {"type": "view", "user": "u", "session": session, "time": NOW - ago - step, "data": data}
        for session, ago, data in (("old", 7_200, {"trace_id": TRACE.upper(), "plan": "pro"}), ("new", 0, {}))
        for step in range(3)
    ]
    await opened.commit(segment(record(events=events, logs=[{"message": "late", "trace": TRACE, "time": NOW}])))
    yield opened
    await opened.close()


async def test_lists_of_the_newest_are_read_once(store: ClickHouseStore, asked: Asked) -> None:
    events, lines = ClickHouseEvents(store.reader), ClickHouseLogs(store.reader)
    everything = EventSearch(TimeRange(*RANGE))
    assert len(await store.events("default", EventFilter(), 4)) == 4
    assert len(await lines.page("default", LogSearch(TimeRange(*RANGE)), 1)) == 1
    asked.take()
    newest = await store.events("default", EventFilter("view"), 4)
    assert [event.session_id for event in newest] == ["new", "new", "new", "old"]
    assert await events.page("default", everything, 4) == newest
    assert len(await lines.page("default", LogSearch(TimeRange(*RANGE)), 1)) == 1
    await store.commit(segment(record(events=[{"type": "sale", "time": NOW + 1}]), first_offset=1))
    asked.take()
    [sale, *_others] = await events.page("default", everything, 4)
    assert sale.type == "sale"
    assert not asked.take()
    store.forget("default")
    assert await events.page("default", everything, 1) == [sale]
    assert asked.take()


async def test_events_are_counted_once_and_counted_on(store: ClickHouseStore, asked: Asked) -> None:
    assert await store.count_events("default", EventFilter()) == 6
    assert len(asked.take()) == 2
    late = {"type": "sale", "service": "shop", "time": NOW - 90_000}
    await store.commit(segment(record(events=[late, late]), record(tenant="other", events=[late]), first_offset=1))
    asked.take()
    matching = (EventFilter(), EventFilter("sale"), EventFilter("view"), EventFilter("sale", "shop"))
    assert [await store.count_events("default", each) for each in matching] == [8, 2, 6, 2]
    assert not asked.take()
    assert await store.count_events("other", EventFilter()) == 1
    asked.take()
    store.forget("default")
    assert await store.count_events("default", EventFilter("sale")) == 2
    assert len(asked.take()) == 2


async def test_what_surrounds_a_new_line_is_known(store: ClickHouseStore, asked: Asked) -> None:
    lines = ClickHouseLogs(store.reader)
    logs = [{"message": f"line {number}", "service": "ab"[number % 2], "time": NOW + number} for number in range(6)]
    await store.commit(segment(record(logs=logs), first_offset=1))
    await lines.page("default", LogSearch(TimeRange(*RANGE)), 1)
    asked.take()
    place = (NOW_US + 2 * MICRO, JOURNAL, 1, 2)
    line = await lines.line("default", place)
    assert line is not None
    assert line.message == "line 2"
    assert await lines.line("default", (*place[:3], 3)) is None
    assert await lines.line("other", place) is None
    asked.take()
    day, newer = Neighbours("a", 24 * HOUR_US), Cursor(place, newer=True)
    around = [await lines.around("default", day, 9, cursor) for cursor in (Cursor(place), newer)]
    assert [[each.message for each in one] for one in around] == [["line 0"], ["line 4"]]
    assert not await lines.around("default", dataclasses.replace(day, within_us=MICRO), 9, newer)
    assert not asked.take()
    # Of one machine it is asked for.
    assert not await lines.around("default", dataclasses.replace(day, host="a"), 9, newer)
    assert len(asked.take()) == 1


async def test_what_is_seldom_is_read_once(store: ClickHouseStore, asked: Asked) -> None:
    log, changes = ClickHouseAuditLog(store.reader), ClickHouseChanges(store.reader)
    now_us = round(time.time() * MICRO)
    of_days = ChangeFilter(now_us - 24 * HOUR_US, now_us + HOUR_US, CHANGE_EVENTS, "")
    ever = AuditSearch(TimeRange(0, now_us + HOUR_US))
    assert not await changes.changes("default", of_days, 4, None)
    assert not await log.page("default", ever, 4)
    asked.take()
    deploys = [
        {"type": kind, "service": kind, "time": now_us / MICRO, "data": {"version": "2"}}
        for kind in ("deploy", "view", "config_change")
    ]
    brought = record(events=deploys)
    brought.audit.add(tenant="default", kind="rule", id="r", revision=3, action="create", roles=["admin", "viewer"])
    brought.audit[0].time.FromMicroseconds(now_us)
    await store.commit(segment(brought, first_offset=1))
    asked.take()
    found = await changes.changes("default", of_days, 4, None)
    assert [event.type for event in found] == ["config_change", "deploy"]
    assert await changes.changes("default", of_days, 4, (found[0].time_us, *found[0].place)) == found[1:]
    [record_] = await log.page("default", ever, 4)
    assert not asked.take()
    assert not await log.page("other", ever, 4)
    store.forget("default")
    asked.take()
    assert await changes.changes("default", of_days, 4, None) == found
    assert await log.page("default", ever, 4) == [record_]
    assert len(asked.take()) == 2
    # Before what is kept there may be more.
    before = dataclasses.replace(of_days, from_us=now_us - 72 * HOUR_US)
    assert await changes.changes("default", before, 4, None) == found
    assert len(asked.take()) == 1


async def test_notifications_among_many_events_are_read_once(
    store: ClickHouseStore, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest_rows, "ROWS", 3)
    events, now_us = ClickHouseEvents(store.reader), round(time.time() * MICRO)
    search = EventSearch(TimeRange(now_us - 24 * HOUR_US, now_us + HOUR_US), types=("notification",))
    assert not await events.page("default", search, 4)
    kinds = ["notification", *["view"] * 9, "notification"]
    brought = [{"type": kind, "time": now_us / MICRO + place} for place, kind in enumerate(kinds)]
    await store.commit(segment(record(events=brought), first_offset=1))
    asked.take()
    found = await events.page("default", search, 4)
    assert [event.time_us - now_us for event in found] == [10 * MICRO, 0]
    assert not asked.take()
    both = dataclasses.replace(search, types=("notification", "view"))
    assert len(await events.page("default", both, 20)) == len(kinds)
    assert asked.take()
    assert not await events.page("other", search, 4)
    store.forget("default")
    assert await events.page("default", search, 4) == found
    assert asked.take()


async def test_a_session_is_told_by_few_questions(store: ClickHouseStore, asked: Asked) -> None:
    sessions, stories = ClickHouseSessions(store.reader), ClickHouseStories(store.reader)
    asked.take()
    found = await sessions.session("default", "old", *RANGE)
    assert found is not None
    assert (found.events, found.context) == (3, {"plan": '"pro"'})
    during = TimeRange(found.start_us, found.end_us + 1)
    [*events, line] = await stories.story("default", Subject(session_id="old", during=during), *RANGE, limit=10)
    assert all(isinstance(entry.what, StoredEvent) for entry in events)
    assert isinstance(line.what, StoryLog)
    about = asked.take()
    assert len(about) == 5, "sums and context of the session; its events, log lines and spans"
    narrow = [each for each in about if RANGE[0] not in each.parameters.values()]
    assert len(narrow) == 2, "context and events are looked for where the session was"
    # A page that does not hold all events does not hold all traces either.
    [first] = await stories.story("default", Subject(session_id="old", during=during), *RANGE, limit=1)
    rest = await stories.story("default", Subject(session_id="old", during=during), *RANGE, 10, first.position)
    assert [first, *rest] == [*events, line]


async def test_sessions_of_a_person_are_listed_like_all(store: ClickHouseStore) -> None:
    sessions = ClickHouseSessions(store.reader)
    theirs = SessionFilter(*RANGE, user_id="u")
    listed = await sessions.sessions("default", SessionFilter(*RANGE), 10)
    assert [one.session_id for one in listed] == ["new", "old"]
    assert await sessions.sessions("default", theirs, 10) == listed
    assert await sessions.sessions("default", theirs, 1) == listed[:1]
    assert await sessions.sessions("default", theirs, 10, listed[0].position) == listed[1:]
    active = SessionFilter(*RANGE, active_from_us=NOW_US - HOUR_US, user_id="u")
    assert await sessions.sessions("default", active, 10) == listed[:1]
    assert not await sessions.sessions("default", SessionFilter(*RANGE, user_id="nobody"), 10)


async def test_warnings_are_put_together_as_the_store_does(store: ClickHouseStore, asked: Asked) -> None:
    def refused(number: int) -> WarningColumns:
        times = np.array([NOW_US + number, NOW_US + number - MICRO], np.int64)
        reasons, samples = ["OUT_OF_RANGE", f"R{number % 2}"], [f"s{number}", "t"]
        block = (["sample", "event"], ["value"] * 2, reasons, ["must be finite"] * 2, [""] * 2, samples)
        return WarningColumns(*block, np.array([1, number + 1], np.uint64), times - MICRO, times)

    [empty] = read(0, [record()])
    for number in range(6):
        brought = dataclasses.replace(empty, offset=number + 1, warnings=refused(number))
        await store.commit(Segment(JOURNAL, number + 1, number + 2, [brought], {}))
    everything = WarningFilter(*RANGE)
    assert (await store.intake_warnings("default", everything, 1))[0].count == 6
    asked.take()
    matchings = [everything, WarningFilter(*RANGE, kind="event"), WarningFilter(NOW_US, NOW_US + 3)]
    known = [await store.intake_warnings("default", each, 9) for each in matchings]
    assert [len(each) for each in known] == [3, 2, 1]
    second = await store.intake_warnings("default", everything, 1, known[0][0].position)
    assert second == known[0][1:2]
    assert not await store.intake_warnings("other", everything, 9)
    asked.take()
    assert [await store.intake_warnings("default", each, 9) for each in matchings] == known
    assert not asked.take()
    store.reader.newest_warnings.opened([], alone=False)
    assert [await store.intake_warnings("default", each, 9) for each in matchings] == known
    assert await store.intake_warnings("default", everything, 1, known[0][0].position) == second
    assert len(asked.take()) == 4
