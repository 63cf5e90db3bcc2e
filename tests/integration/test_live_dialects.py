"""The sockets of other dashboards, through the edge of a running suite, fed with real input."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from services.launcher.keys import issue_token
from tests.support.outages import patience
from tests.support.rest import failing_requests
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(300)]

SECONDS = 30.0
Json = dict[str, Any]
# The edge takes a second to let go of a socket that was closed. A busy suite may take long to answer a ping, and what
# nobody reads for a while must not keep the answer out.
QUICKLY: Json = {"proxy": None, "close_timeout": 0.1, "ping_interval": None, "max_queue": None}

# Each type of event of a messaging platform: its fields, and the rooms it is told in.
CALLS: Json = {"provider": "SAP", "endpoint": "/orders", "response_time": 41.5, "success": True}
EVENTS: dict[str, tuple[Json, tuple[str, ...]]] = {
    "MessageSent": (
        {"message_id": "m-1", "to": "+55 11", "status": "delivered", "timestamp": "2026-01-01T00:00:00Z"},
        ("conversations",),
    ),
    "MessageReceived": (
        {"from": "+55 11", "message": "olá", "timestamp": "2026-01-01T00:00:00Z"},
        ("conversations",),
    ),
    "ConversationStarted": ({"conversation_id": "c-1", "customer": "Ana"}, ("conversations",)),
    "TicketCreated": ({"ticket_id": "t-1", "customer": "Ana", "issue": "late"}, ("conversations",)),
    "CampaignUpdate": ({"campaign_id": "spring", "sent": 10, "opened": 5, "clicked": 2}, ("campaigns",)),
    "AIInteraction": ({"user": "Ana", "prompt": "?", "response": "!", "tokens": 12}, ("ai",)),
    "ERPCall": (CALLS, ("erp",)),
    "SystemAlert": ({"rule_id": "r", "condition": "too slow", "threshold": 5.0, "current_value": 9.5}, ()),
}


class Listener:
    """One socket: what it says, of what kind."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen: list[Json] = []

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def envelope(self, kind: str, **payload: Any) -> None:
        self.say(message_type=kind, payload=payload, timestamp="2026-01-01T00:00:00Z")

    def next(self, kind: str, wanted: Callable[[Json], bool] = lambda _content: True) -> Json:
        """The content of the next message of a kind that is wanted."""
        deadline = time.monotonic() + patience(SECONDS)
        while time.monotonic() < deadline:
            message: Json = json.loads(self.socket.recv(timeout=SECONDS))
            self.seen.append(message)
            content: Json = message["payload"] if "payload" in message else message["data"]
            if kind_of(message) == kind and wanted(content):
                return content
        raise AssertionError(f"no {kind} within {SECONDS} s: {self.kinds()}")

    def until_closed(self) -> int:
        """Read what still comes; the code it is closed with."""
        try:
            while True:
                self.seen.append(json.loads(self.socket.recv(timeout=SECONDS)))
        except ConnectionClosedError as closed:
            return closed.rcvd.code if closed.rcvd else 0

    def kinds(self) -> set[str]:
        """Kinds of messages that came."""
        return {kind_of(message) for message in self.seen}


def kind_of(message: Json) -> str:
    return str(message.get("message_type") or message["type"])


@contextmanager
def opened(suite: Suite, path: str, **options: Any) -> Iterator[Listener]:
    with connect(f"ws://127.0.0.1:{suite.port}{path}", **QUICKLY, **options) as socket:
        yield Listener(socket)


@pytest.fixture(scope="module", autouse=True)
def followed(suite: Suite) -> Iterator[None]:
    """Events and log lines are followed all the time, so that whoever subscribes is told from then on."""
    with connect(f"ws://127.0.0.1:{suite.port}/ws/v1/live", **QUICKLY) as socket:
        for name, source in (("events", {"types": ["none"]}), ("logs", {"text": "none"})):
            socket.send(json.dumps({"subscribe": {"id": name, name: source}}))
        begun: set[str] = set()
        while begun != {"events", "logs"}:
            updates = json.loads(socket.recv(timeout=SECONDS))["updates"]
            begun |= {update["subscription"] for update in updates if "subscribed" in update}
        yield


@pytest.fixture(scope="module")
def guarded() -> Iterator[Suite]:
    """A suite that wants tokens."""
    with running_suite(("--no-agent", "--auth", "jwt")) as running:
        yield running


@pytest.fixture
def mine() -> str:
    """A service that no other test speaks of."""
    return f"dialects-{uuid.uuid4().hex[:12]}"


def moment(told: Json) -> datetime:
    return datetime.fromisoformat(told["timestamp"])


WALLBOARD = {"timestamp", "agents", "revenue", "campaigns", "uptime", "system"}


def test_live_is_a_wallboard_for_who_only_listens(suite: Suite) -> None:
    with opened(suite, "/ws/live") as board:
        # What nobody has looked at before may take a moment to be known.
        first = board.next("live_metrics", lambda told: told.keys() >= WALLBOARD and "cpu_percent" in told["system"])
        board.next("live_metrics")
        third = board.next("live_metrics")
        # When they were made: on a busy machine several may be read at once.
        assert 2 < (moment(third) - moment(first)).total_seconds() < patience(10)
        assert {"ai_insights", "system_health"} <= board.kinds()
        (insights,) = [message["data"] for message in board.seen if message["type"] == "ai_insights"]
        assert insights == []
        health = next(message["data"] for message in board.seen if message["type"] == "system_health")
        assert health["components"].keys() >= {"collector", "aggregator", "streamer", "alerting"}


def test_live_has_channels_for_who_asks_for_them(suite: Suite, mine: str) -> None:
    with opened(suite, "/ws/live") as channels:
        channels.say(type="subscribe", channels=["logs", "stats"])
        channels.next("stats", lambda stats: stats["total_events"] > 0)
        suite.post("/logs", {"level": "error", "service": mine, "message": "it broke", "attributes": {"code": 7}})
        line = channels.next("log", lambda line: line["service"] == mine)
        assert (line["message"], line["attributes"], line["level"]) == ("it broke", {"code": 7}, "LOG_LEVEL_ERROR")
        assert channels.kinds() <= {"stats", "log", "left_out"}
        channels.say(type="unsubscribe", channels=["logs"])
        channels.say(type="subscribe", channels=["remediations", "health", "pipeline"])
        assert channels.next("health")["components"]
        assert channels.next("pipeline")["flows"]
        suite.post("/events", {"type": "remediation", "service": mine, "data": {"action": "restart"}})
        assert channels.next("remediation", lambda held: held["service"] == mine)["data"] == {"action": "restart"}


@pytest.mark.parametrize("kind", EVENTS)
def test_each_event_is_told_with_its_fields_in_its_room(suite: Suite, mine: str, kind: str) -> None:
    fields, own = EVENTS[kind]
    with ExitStack() as stack:
        rooms = [stack.enter_context(opened(suite, f"/ws/{room}")) for room in (*own, "dashboard")]
        rooms.append(stack.enter_context(opened(suite, "/ws/tenant/default")))
        for room in rooms:
            room.envelope("Subscription", event_types=[kind])
            room.envelope("Heartbeat")
            # What came before was told unasked.
            room.next("Heartbeat")
            room.seen.clear()
        suite.post("/events", {"type": kind, "service": mine, "user_id": "ana", "data": fields})
        for room in rooms:
            told = room.next("Event", lambda event: event["service"] == mine)
            assert (told["event_type"], told["tenant_id"], told["user_id"]) == (kind, "default", "ana")
            assert told["data"].items() >= fields.items()
            assert {held["payload"]["event_type"] for held in room.seen if kind_of(held) == "Event"} == {kind}


def test_figures_are_those_of_the_overview(suite: Suite, mine: str) -> None:
    suite.post("/events", {"type": "MessageSent", "service": mine, "data": {"message_id": "m", "status": "sent"}})
    with opened(suite, "/ws/dashboard") as board:
        board.envelope("Auth", token="your-jwt-token")
        board.envelope("Subscription", rooms=["dashboard", "alerts"], event_types=[], tenant_id="your-tenant-id")
        assert "default" in board.next("Error")["message"]
        metrics = board.next("Metrics", lambda told: bool(told.get("messages_sent") and told.get("system_cpu_usage")))
        assert metrics.keys() >= suite.get("/api/v1/dashboard/overview")["metrics"].keys()
        assert metrics.keys() >= {"active_conversations", "messages_received", "campaigns", "ai_usage", "integrations"}

        def as_many() -> bool:
            # What somebody asked for a moment ago is told again.
            overview = suite.get("/api/v1/dashboard/overview")
            return bool(0 < metrics["messages_sent"] <= overview["metrics"]["messages_sent"])

        eventually_sync(as_many, "the overview tells as many")
        assert board.kinds() <= {"Error", "Metrics", "Event", "Alert"}


def test_an_alert_that_fires_is_told_to_all_who_look_at_alerts(suite: Suite, mine: str) -> None:
    with ExitStack() as stack:
        rooms = stack.enter_context(opened(suite, "/ws/alerts"))
        channels = stack.enter_context(opened(suite, "/ws/live"))
        channels.say(type="subscribe", channels=["alerts"])
        monitoring = stack.enter_context(opened(suite, "/monitoring/ws"))
        monitoring.next("health")
        suite.post("/events", failing_requests(mine))
        for listener, kind in ((channels, "alert"), (monitoring, "alert")):
            told = listener.next(kind, lambda alert: alert["service"] == mine and alert["state"] == "firing")
            assert (told["rule_id"], told["threshold"], told["current_value"]) == ("service-error-rate", 5, 100)
        fired = rooms.next("Alert", lambda alert: alert["service"] == mine)
        assert fired["event_type"] == "SystemAlert"
        assert fired["data"]["rule_name"] == fired["data"]["condition"] == "Error rate over 5 %"
        assert (fired["data"]["current_value"], fired["data"]["severity"]) == (100, "critical")
        assert rooms.kinds() == {"Alert"}


def test_monitoring_says_what_is_answered_over_rest(suite: Suite) -> None:
    with opened(suite, "/monitoring/ws") as socket:
        for kind in ("metrics", "health", "sessions"):
            told = socket.next(kind)
            assert told.keys() == suite.get(f"/monitoring/api/{kind}").keys()


def test_sockets_about_sockets_say_what_is_answered_over_rest(suite: Suite) -> None:
    with opened(suite, "/ws/stats") as stats, opened(suite, "/ws/info") as info:
        told = stats.next("stats")
        assert told.keys() == suite.get("/ws/stats").keys()
        assert told["active_connections"] >= 1
        assert info.next("info") == suite.get("/ws/info")


def test_every_socket_that_is_described_is_there(suite: Suite) -> None:
    paths = [socket["path"] for socket in suite.get("/ws/info")["sockets"]]
    assert len(paths) == 12
    for path in paths:
        with opened(suite, path.replace("{id}", "default")):
            pass


def test_with_authentication_a_first_message_brings_the_token(guarded: Suite) -> None:
    token = issue_token(guarded.data_dir, "default", ["viewer"], 600)
    spoofed = {"x-binnacle-tenant": "default", "x-binnacle-expires": "9999999999"}
    with opened(guarded, "/ws/dashboard", additional_headers=spoofed) as board:
        board.envelope("Auth", token=token)
        board.envelope("Subscription", rooms=["erp"])
        board.next("Metrics")
        assert board.kinds() == {"Metrics"}
    with opened(guarded, "/monitoring/ws") as monitoring:
        monitoring.say(type="auth", token=token)
        monitoring.next("sessions")
    for path, said in (("/ws/live", {"type": "subscribe", "channels": ["all"]}), ("/monitoring/ws", {})):
        with opened(guarded, path, additional_headers=spoofed) as refused:
            refused.say(**said)
            assert refused.until_closed() == 4401
            assert refused.seen == []


def test_with_authentication_a_token_may_come_with_the_request(guarded: Suite) -> None:
    token = issue_token(guarded.data_dir, "default", ["viewer"], 600)
    named = [Subprotocol("binnacle.dialect"), Subprotocol(f"bearer.{token}")]
    ways: list[dict[str, Any]] = [
        {"additional_headers": {"authorization": f"Bearer {token}"}},
        {"additional_headers": {"cookie": f"binnacle_token={token}"}},
        {"subprotocols": named},
    ]
    for options in ways:
        with opened(guarded, "/monitoring/ws", **options) as socket:
            socket.next("sessions")
    with opened(guarded, f"/ws/live?access_token={token}") as socket:
        socket.next("ai_insights")
    assert token not in guarded.log()


def test_a_token_that_expires_ends_what_it_opened(guarded: Suite) -> None:
    # All is opened before it expires.
    token = issue_token(guarded.data_dir, "default", ["viewer"], round(min(patience(6), 30)))
    bearer = {"authorization": f"Bearer {token}"}
    events = {"accept": "text/event-stream"}
    with (
        opened(guarded, "/ws/live", additional_headers=bearer) as dialect,
        opened(guarded, "/ws/v1/live", additional_headers=bearer) as native,
        guarded.http.stream(
            "GET", f"/api/v1/live?room=stats&access_token={token}", headers=events, timeout=120
        ) as sent,
    ):
        native.say(subscribe={"id": "stats", "room": "stats"})
        began = time.monotonic()
        assert dialect.until_closed() == native.until_closed() == 4401
        assert native.seen[-1]["end"]["error"]["reason"] == "UNAUTHENTICATED"
        assert '"UNAUTHENTICATED"' in "".join(sent.iter_text())
        assert time.monotonic() - began < patience(66)


def test_a_test_message_reaches_everybody(suite: Suite) -> None:
    with ExitStack() as stack:
        told = {
            path: stack.enter_context(opened(suite, path))
            for path in ("/ws/v1/live", "/ws/live", "/ws/dashboard", "/ws/erp", "/monitoring/ws", "/ws/stats")
        }
        told["/ws/dashboard"].next("snapshot")
        sent = suite.post("/admin/test/broadcast", {"message": "hear, hear"})
        assert sent["reached_by_kind"]["websocket"] >= len(told)
        for path, kind in {
            "/ws/live": "test_broadcast",
            "/ws/erp": "Broadcast",
            "/monitoring/ws": "test_broadcast",
        }.items():
            assert told[path].next(kind)["data"] == {"message": "hear, hear"}
        event = told["/ws/dashboard"].next("event", lambda event: event["type"] == "test_broadcast")
        assert event["data"] == {"message": "hear, hear"}
        frame = json.loads(told["/ws/v1/live"].socket.recv(timeout=SECONDS))
        (update,) = frame["updates"]
        assert (update["subscription"], update["position"]) == ("", "")
        assert update["events"]["events"][0]["event"]["type"] == "test_broadcast"
