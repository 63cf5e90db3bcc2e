"""Sessions, stories, features and funnels through the wired aggregator, against plain Python."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import session_service_pb2 as pb, session_service_pb2_grpc
from binnacle.journal.v1 import journal_pb2
from binnacle.query.v1 import query_pb2
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record
from tests.support.telemetry import filled, spans
from tests.support.visits import Row, Truth, by_session, figures, near, truth, visits

pytestmark = pytest.mark.store


def at(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMicroseconds(round(seconds * 1e6))
    return stamp


def seconds(stamp: Timestamp) -> float:
    return stamp.ToMicroseconds() / 1e6


def stub(aggregator: Aggregator) -> Any:
    return session_service_pb2_grpc.SessionServiceStub(aggregator.channel)


class World:
    """An aggregator that holds known visits."""

    def __init__(self, aggregator: Aggregator, now: float, rows: Sequence[Row]) -> None:
        self.sessions = stub(aggregator)
        self.now, self.rows = now, rows
        self.by_session = by_session(rows)

    async def listed(self, **filters: Any) -> list[pb.Session]:
        """All pages of a list."""
        found: list[pb.Session] = []
        token = ""
        while True:
            request = pb.ListSessionsRequest(page_size=5, page_token=token, **filters)
            page = await self.sessions.ListSessions(request)
            found += page.sessions
            token = page.next_page_token
            if not token:
                return found


@pytest.fixture
async def world(aggregator: Aggregator) -> World:
    now = float(int(time.time()))
    rows = visits(1, 400, now - 7_200, 7_190)
    # In any order, the late ones last; the other tenant's are never seen.
    await aggregator.store(
        *(record(accepted=now, events=rows[start::3]) for start in range(3)),
        record(tenant="other", accepted=now, events=rows),
    )
    return World(aggregator, now, rows)


def told(session: pb.Session) -> Truth:
    return Truth(
        user=session.user_id,
        start=seconds(session.start_time),
        end=seconds(session.end_time),
        events=session.events,
        pages=list(session.pages),
        features=list(session.features),
        purchases=session.purchases,
        revenue={money.currency: pytest.approx(money.amount) for money in session.revenue},  # type: ignore[misc]
        errors=session.errors,
        services=list(session.services),
        entry_page=session.entry_page,
        exit_page=session.exit_page,
        last_type=session.last_event_type,
        country=session.context.fields["country"].string_value,
    )


async def test_pages_hold_every_session_as_plain_python_sees_it(world: World) -> None:
    found = await world.listed()
    assert [one.session_id for one in found] == sorted(
        world.by_session, key=lambda name: (world.by_session[name][-1]["time"], name), reverse=True
    )
    for one in found:
        assert told(one) == truth(world.by_session[one.session_id])
        assert near(one.duration_seconds, seconds(one.end_time) - seconds(one.start_time))
        assert one.active == (seconds(one.end_time) >= world.now - 1_800)


FILTERS: Sequence[tuple[dict[str, Any], Callable[[Sequence[Row]], bool]]] = (
    ({"user_id": "u1"}, lambda rows: any(row["user"] == "u1" for row in rows)),
    ({"feature": "export"}, lambda rows: any(row["data"].get("feature") == "export" for row in rows)),
    ({"service": "checkout"}, lambda rows: any(row["service"] == "checkout" for row in rows)),
    ({"errors_only": True}, lambda rows: truth(rows).errors > 0),
    ({"user_id": "nobody"}, lambda _rows: False),
)


async def test_filters_choose_sessions(world: World) -> None:
    for filters, holds in FILTERS:
        found = {one.session_id for one in await world.listed(**filters)}
        assert found == {name for name, rows in world.by_session.items() if holds(rows)}, filters
    early = at(world.now - 3_600)
    assert await world.listed(active_only=True, end_time=early) == []
    active = {one.session_id for one in await world.listed(active_only=True)}
    assert active == {name for name, rows in world.by_session.items() if rows[-1]["time"] >= world.now - 1_800}


async def test_figures_and_those_of_an_earlier_range(world: World) -> None:
    middle = world.now - 3_600
    request = pb.GetSessionFiguresRequest(start_time=at(middle), end_time=at(world.now), earlier_seconds=3_600)
    found = await world.sessions.GetSessionFigures(request)
    for figures_, begin in ((found.figures, middle), (found.earlier, middle - 3_600)):
        rows = [row for row in world.rows if begin <= row["time"] < begin + 3_600]
        assert seconds(figures_.start_time) == begin
        for name, value in figures(by_session(rows), begin + 3_600 - 1_800).items():
            assert near(getattr(figures_, name), value), name


async def test_a_session_tells_its_story_page_by_page(world: World) -> None:
    name, rows = max(world.by_session.items(), key=lambda each: len(each[1]))
    entries: list[pb.StoryEntry] = []
    token = ""
    while True:
        page = await world.sessions.GetSession(pb.GetSessionRequest(session_id=name, page_size=7, page_token=token))
        assert told(page.session) == truth(rows)
        entries += page.entries
        token = page.next_page_token
        if not token:
            break
    assert [(seconds(entry.time), entry.event.type) for entry in entries] == [
        (row["time"], row["type"]) for row in rows
    ]


async def test_a_person_has_a_story_too(world: World) -> None:
    story = await world.sessions.GetUserStory(pb.GetUserStoryRequest(user_id="u1", page_size=1_000))
    rows = sorted((row for row in world.rows if row["user"] == "u1"), key=lambda row: row["time"])
    assert (story.events, len(story.entries)) == (len(rows), len(rows))
    assert (seconds(story.first_time), seconds(story.last_time)) == (rows[0]["time"], rows[-1]["time"])
    assert {one.session_id for one in story.sessions} == {row["session"] for row in rows if row["session"]}


async def test_who_is_not_there_is_not_found(world: World) -> None:
    sessions = world.sessions
    for name, code in (("absent", grpc.StatusCode.NOT_FOUND), ("", grpc.StatusCode.INVALID_ARGUMENT)):
        for call in (
            sessions.GetSession(pb.GetSessionRequest(session_id=name)),
            sessions.GetUserStory(pb.GetUserStoryRequest(user_id=name)),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await call
            assert error.value.code() is code


async def test_features_are_counted_over_time(world: World) -> None:
    begin = world.now - 7_200
    request = pb.GetFeatureUsageRequest(start_time=at(begin), step_seconds=3_600, time_zone="Asia/Kolkata")
    found = await world.sessions.GetFeatureUsage(request)
    uses = [row for row in world.rows if row["type"] == "feature_used"]
    counts = Counter(row["data"]["feature"] for row in uses)
    assert [(one.feature, one.uses) for one in found.features] == sorted(
        counts.items(), key=lambda each: (-each[1], each[0])
    )
    assert (found.total_features, found.total_users) == (len(counts), len({row["user"] for row in uses} - {""}))
    for one in found.features:
        theirs = [row for row in uses if row["data"]["feature"] == one.feature]
        assert (one.users, one.sessions) == tuple(
            len({row[key] for row in theirs} - {""}) for key in ("user", "session")
        )
        starts = [seconds(point.time) for point in one.points]
        # Hours of Kolkata begin at half past in UTC.
        assert all(start % 3_600 == 1_800 for start in starts[1:])
        for start, end, point in zip(starts, [*starts[1:], world.now + 10], one.points, strict=True):
            within = [row for row in theirs if start <= row["time"] < end]
            assert (point.uses, point.users) == (len(within), len({row["user"] for row in within} - {""}))


async def test_a_story_holds_linked_logs_and_spans(aggregator: Aggregator) -> None:
    now = time.time()
    trace = "ab" * 16
    events = [
        {"type": "page_view", "session": "s 1", "user": "u", "time": now - 9, "data": {"trace_id": trace.upper()}},
        {"type": "purchase", "session": "s 1", "user": "u", "time": now - 3},
        {"type": "purchase", "session": "s 2", "user": "u", "time": now - 2},
    ]
    logs = journal_pb2.Record(tenant="default", accepted_time_unix_us=round(now * 1e6))
    lines = [("named", "", {"session.id": "s 1"}), ("other", "", {"session_id": "s"}), ("traced", trace, {})]
    for place, (message, of_trace, attributes) in enumerate(lines):
        logs.logs.times_unix_us += round((now - 8 + place) * 1e6).to_bytes(8, "little")
        logs.logs.levels += bytes([4])
        logs.logs.services.append("shop")
        logs.logs.messages.append(message)
        logs.logs.trace_ids.append(of_trace)
        logs.logs.attributes_json.append(json.dumps(attributes))
    traced = filled(record(accepted=now), spans(now - 5, 2, 0.25))
    await aggregator.store(record(accepted=now, events=events), logs, traced)
    story = await stub(aggregator).GetSession(pb.GetSessionRequest(session_id="s 1"))
    told = [
        (entry.WhichOneof("entry"), entry.event.type or entry.log.message or entry.span.name) for entry in story.entries
    ]
    assert told == [("event", "page_view"), ("log", "named"), ("log", "traced"), ("span", "GET"), ("event", "purchase")]
    assert story.entries[3].span.duration_ms == 250
    first = pb.GetSessionRequest(session_id="s 1", page_size=2)
    second = await stub(aggregator).GetSession(
        pb.GetSessionRequest(
            session_id="s 1", page_size=3, page_token=(await stub(aggregator).GetSession(first)).next_page_token
        )
    )
    assert [entry.WhichOneof("entry") for entry in second.entries] == ["log", "span", "event"]
    assert second.next_page_token == ""


def condition(field: str, operator: query_pb2.EventCondition.Operator.ValueType, *values: str) -> Any:
    return query_pb2.EventCondition(field=field, operator=operator, values=values)


def funnel_request(now: float, **more: Any) -> pb.GetFunnelRequest:
    steps = [
        pb.FunnelStep(type="page_view"),
        pb.FunnelStep(
            name="looked",
            type="search",
            conditions=[
                query_pb2.EventCondition(
                    field="data.results", operator=query_pb2.EventCondition.OPERATOR_GREATER, values=["0"]
                )
            ],
        ),
        pb.FunnelStep(type="purchase"),
    ]
    return pb.GetFunnelRequest(start_time=at(now - 7_200), steps=steps, window_seconds=600, **more)


async def test_a_funnel_of_known_truth(aggregator: Aggregator) -> None:
    """Of 100 sessions 60 search with a result, 30 of those buy in time; each step takes 100 s."""
    now = time.time()
    rows: list[dict[str, Any]] = []
    for number in range(100):
        begin = now - 3_600 + number
        who = {"session": f"s{number}", "user": f"u{number % 50}"}
        rows.append({"type": "page_view", "time": begin, "data": {"country": "DE" if number % 4 else "BR"}, **who})
        rows.append({"type": "search", "time": begin + 50, "data": {"results": 0}, **who})
        if number < 60:
            rows.append({"type": "search", "time": begin + 100, "data": {"results": 3}, **who})
        if number < 40:
            late = number >= 30
            rows.append({"type": "purchase", "time": begin + (700 if late else 200), **who})
    await aggregator.store(record(accepted=now, events=rows[::-1]))
    found = await stub(aggregator).GetFunnel(funnel_request(now, breakdown="data.country", breakdown_limit=1))
    assert [(step.name, step.count) for step in found.steps] == [("page_view", 100), ("looked", 60), ("purchase", 30)]
    assert [step.median_seconds_from_previous for step in found.steps] == [0, 100, 100]
    assert [step.conversion_from_previous for step in found.steps] == [100, 60, 50]
    assert [step.dropped for step in found.steps] == [0, 40, 30]
    assert (found.conversion_rate, found.median_seconds) == (30, 200)
    german, rest = found.groups
    assert (german.value, german.rest, [step.count for step in german.steps]) == ("DE", False, [75, 45, 22])
    assert (rest.value, rest.rest, [step.count for step in rest.steps]) == ("", True, [25, 15, 8])
    people = await stub(aggregator).GetFunnel(funnel_request(now, actor=pb.FUNNEL_ACTOR_USER))
    assert [step.count for step in people.steps] == [50, 50, 30]


MATCHES = query_pb2.EventCondition.OPERATOR_MATCHES
BAD = (
    (pb.GetFunnelRequest(steps=[pb.FunnelStep(type="a")]), "steps"),
    (pb.GetFunnelRequest(steps=[pb.FunnelStep(type="a"), pb.FunnelStep()]), "steps[1].type"),
    (funnel_request(1e9, breakdown="data"), "breakdown"),
    (funnel_request(1e9, breakdown="data.a'b"), "breakdown"),
    (funnel_request(1e9, breakdown="data.a", breakdown_limit=101), "breakdown_limit"),
    (
        pb.GetFunnelRequest(
            steps=[
                pb.FunnelStep(type="a"),
                pb.FunnelStep(type="b", conditions=[condition("type", MATCHES, "(")]),
            ]
        ),
        "regular expression",
    ),
)


async def test_bad_funnels_are_refused(aggregator: Aggregator) -> None:
    for request, field in BAD:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await stub(aggregator).GetFunnel(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert field in str(error.value.details())


async def test_a_token_is_of_one_tenant_and_filter(world: World, aggregator: Aggregator) -> None:
    page = await world.sessions.ListSessions(pb.ListSessionsRequest(page_size=1))
    foreign = pb.ListSessionsRequest(page_size=1, page_token=page.next_page_token)
    wrong = pb.ListSessionsRequest(page_size=1, page_token=page.next_page_token, user_id="u1")
    for request, metadata in ((foreign, as_tenant("other")), (wrong, None)):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await world.sessions.ListSessions(request, metadata=metadata)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
