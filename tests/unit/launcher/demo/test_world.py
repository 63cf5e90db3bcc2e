"""The made-up world, hours of it in a moment."""

from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from services.launcher.demo.catalogue import SERVICES, WAITS_FOR
from services.launcher.demo.happenings import Beat, Event, Happening, Line, Trace, Value
from services.launcher.demo.incidents import FIRST_AFTER_SECONDS
from services.launcher.demo.timeline import LONGEST_STEP_SECONDS
from services.launcher.demo.world import World

NOON = 1_800_014_400.0
STEP = 20.0

# What the shop and the platform have to tell; 001's eight among them.
TYPES = {
    "request", "page_view", "product_view", "search", "cart_add", "purchase", "feature_used", "credits_purchased",
    "credits_used", "conversion", "MessageSent", "MessageReceived", "ConversationStarted", "TicketCreated",
    "CampaignUpdate", "AIInteraction", "ERPCall", "SystemAlert", "integration_call", "deploy", "error",
    "config_change",
}  # fmt: skip
FIELDS = {
    "request": {"endpoint", "status_code", "latency_ms"},
    "purchase": {"order_id", "total", "currency", "items"},
    "session_start": {"country", "device", "browser", "referrer"},
    "search": {"query", "results_count"},
    "MessageSent": {"message_id", "to", "status", "timestamp"},
    "MessageReceived": {"from", "message", "timestamp"},
    "ConversationStarted": {"conversation_id", "customer"},
    "TicketCreated": {"ticket_id", "customer", "issue"},
    "CampaignUpdate": {"campaign_id", "sent", "opened", "clicked"},
    "AIInteraction": {"user", "prompt", "response", "tokens", "model", "provider", "cost", "success"},
    "ERPCall": {"provider", "endpoint", "response_time", "success"},
    "integration_call": {"provider", "endpoint", "response_time", "success"},
    "SystemAlert": {"rule_id", "condition", "threshold", "current_value"},
    "credits_purchased": {"credits", "amount"},
    "credits_used": {"credits"},
    "feature_used": {"feature"},
    "deploy": {"service", "version"},
    "config_change": {"service", "key", "value", "title"},
}


def lived(seconds: float, *, seed: int = 7, rate: float = 20.0, step: float = STEP) -> list[Happening]:
    world, told, now = World(NOON, rate, Random(seed)), list[Happening](), NOON
    while now < NOON + seconds:
        now = min(now + step, NOON + seconds)
        told += world.advance(now)
    return told


@pytest.fixture(scope="module")
def hour() -> list[Happening]:
    return lived(3_600.0)


def events(told: list[Happening]) -> list[Event]:
    return [each for each in told if isinstance(each, Event)]


def test_every_sort_of_event_happens_with_its_fields(hour: list[Happening]) -> None:
    found = events(hour)
    assert {event.type for event in found} >= TYPES
    for event in found:
        assert event.data.keys() >= FIELDS.get(event.type, set()), event


def test_requests_come_at_the_rate_asked_for(hour: list[Happening]) -> None:
    requests = sum(event.type == "request" for event in events(hour))
    counted = sum(each.value for each in hour if isinstance(each, Value) and each.name == "requests")
    assert 3_600 * 20 * 0.8 < requests + counted < 3_600 * 20 * 1.4


def test_a_dozen_services_beat_every_fifteen_to_thirty_seconds_with_counts_of_their_own(hour: list[Happening]) -> None:
    assert len(SERVICES) >= 12
    for name in SERVICES:
        beats = [each for each in hour if isinstance(each, Beat) and each.service == name]
        gaps = [b.time - a.time for a, b in pairwise(beats)]
        assert gaps
        assert all(14.9 < gap < 30.1 for gap in gaps)
        assert beats[3].requests > 0
        assert all(0 <= beat.errors <= beat.requests for beat in beats)


def test_logs_are_written_at_every_level(hour: list[Happening]) -> None:
    levels = Counter(each.level for each in hour if isinstance(each, Line))
    assert set(levels) == {"debug", "info", "warning", "error", "critical"}
    assert levels["info"] > levels["error"] > levels["critical"]


def test_metrics_and_agents(hour: list[Happening]) -> None:
    names = {each.name for each in hour if isinstance(each, Value)}
    assert names >= {"database_connections", "active_agents", "revenue", "page_load_time", "requests", "latency"}
    assert sum(each.kind == "agent" for each in hour if isinstance(each, Beat)) > 500


def test_every_service_tells_its_version_from_the_start(hour: list[Happening]) -> None:
    started = {event.service for event in events(hour) if event.type == "deploy" and event.time == NOON}
    assert started == set(SERVICES)


def test_a_partner_that_fails_says_how(hour: list[Happening]) -> None:
    calls = [event for event in events(hour) if event.type in ("ERPCall", "integration_call")]
    assert all(("error_kind" in call.data) != call.data["success"] for call in calls)
    assert not all(call.data["success"] for call in calls)


def test_nearly_everybody_uses_credits_they_have(hour: list[Happening]) -> None:
    left: Counter[str] = Counter()
    overdrawn = used = 0
    for event in events(hour):
        if event.type == "credits_purchased":
            left[event.user_id] += event.data["credits"]
        elif event.type == "credits_used":
            assert event.data["credits"] > 0
            left[event.user_id] -= event.data["credits"]
            used += 1
            overdrawn += left[event.user_id] < 0
    assert 0 <= overdrawn < 0.02 * used


def test_every_session_says_where_it_comes_from(hour: list[Happening]) -> None:
    started = Counter(event.session_id for event in events(hour) if event.type == "session_start")
    assert set(started.values()) == {1}
    assert {event.session_id for event in events(hour)} - {""} <= started.keys()


def test_traces_are_trees_within_the_request_they_are_of(hour: list[Happening]) -> None:
    traces = [each for each in hour if isinstance(each, Trace)]
    assert len(traces) > 3_600 * 20 * 0.05
    for trace in traces:
        [root] = [span for span in trace.spans if not span.parent]
        known = {span.span_id: span for span in trace.spans}
        assert len(known) == len(trace.spans)
        for span in trace.spans:
            above = known.get(span.parent, root)
            assert above.time <= span.time
            assert span.time + span.duration / 1_000 <= above.time + above.duration / 1_000 + 1e-3
        assert abs(root.time + root.duration / 1_000 - trace.time) < 1e-3
    calls = {(span.service, below.service) for trace in traces for span in trace.spans for below in trace.spans
             if below.parent == span.span_id and below.service != span.service}  # fmt: skip
    assert calls == set(WAITS_FOR.items())
    written = {line.trace_id for line in hour if isinstance(line, Line)} - {""}
    assert written
    assert written <= {trace.trace_id for trace in traces}


def test_latencies_have_a_long_tail(hour: list[Happening]) -> None:
    found = sorted(e.data["latency_ms"] for e in events(hour) if e.type == "request" and e.data["endpoint"] == "/cart")
    median, high = found[len(found) // 2], found[int(len(found) * 0.999)]
    assert 8 < median < 20
    assert high > 5 * median


def test_the_first_incident_comes_within_minutes_hurts_one_service_and_passes() -> None:
    world, now = World(NOON, 20.0, Random(3)), NOON
    during, before = list[Event](), list[Event]()
    name = ""
    while now < NOON + FIRST_AFTER_SECONDS[1] + 200.0:
        now += 1.0
        told = events(world.advance(now))
        if world.incident is not None:
            name = world.incident.service
            during += told
        elif not name:
            before += told
    assert name
    assert world.incident is None

    def share_failing(found: list[Event]) -> float:
        codes: list[int] = [
            event.data["status_code"] for event in found if event.type == "request" and event.service == name
        ]
        return sum(code >= 500 for code in codes) / len(codes)

    assert share_failing(before) < 0.05 < 0.2 < share_failing(during)


def test_an_incident_is_logged_and_shown_by_heartbeats() -> None:
    told = lived(FIRST_AFTER_SECONDS[1] + 200.0, seed=3)
    alert = next(event for event in events(told) if event.type == "SystemAlert")
    lines = [each for each in told if isinstance(each, Line) and each.service == alert.service]
    assert any(line.level == "critical" for line in lines)
    assert any("recovered" in line.message for line in lines)
    statuses = {each.status for each in told if isinstance(each, Beat) and each.service == alert.service}
    assert "unhealthy" in statuses
    assert "healthy" in statuses


def test_a_deploy_begins_the_counts_of_its_service_anew(hour: list[Happening]) -> None:
    deploy = next(event for event in events(hour) if event.type == "deploy" and event.time > NOON + 60)
    after = next(
        each for each in hour if isinstance(each, Beat) and each.service == deploy.service and each.time > deploy.time
    )
    assert after.uptime * 3600 == pytest.approx(after.time - deploy.time, abs=0.01)


def test_people_come_back_in_sessions_of_their_own(hour: list[Happening]) -> None:
    owners = {event.session_id: event.user_id for event in events(hour) if event.session_id}
    assert all(owners[e.session_id] == e.user_id for e in events(hour) if e.session_id)
    assert len(set(owners.values())) > 200


@settings(max_examples=15)
@given(st.lists(st.floats(0.01, LONGEST_STEP_SECONDS), min_size=1, max_size=40), st.integers(0, 5))
def test_the_same_seed_tells_the_same_story_in_whatever_steps(steps: list[float], seed: int) -> None:
    world, told, now = World(NOON, 20.0, Random(seed)), list[Happening](), NOON
    for step in steps:
        now += step
        told += world.advance(now)
    assert told == lived(now - NOON, seed=seed, step=1.7)


def test_another_seed_tells_another_story() -> None:
    assert lived(20.0, seed=1) != lived(20.0, seed=2)


def test_what_happens_is_told_in_order_and_never_early(hour: list[Happening]) -> None:
    times = [each.time for each in hour]
    assert times == sorted(times)
    assert times[0] >= NOON
    assert times[-1] <= NOON + 3_600


def test_after_a_long_sleep_the_world_goes_on_instead_of_catching_up() -> None:
    world = World(NOON, 20.0, Random(1))
    world.advance(NOON + 10)
    told = world.advance(NOON + 86_400)
    assert len(told) < 20 * 10 * LONGEST_STEP_SECONDS
    assert all(each.time > NOON + 86_400 - LONGEST_STEP_SECONDS - 1 for each in told)
