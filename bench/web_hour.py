"""An hour's worth of updates in a minute: the page talks to a streamer that is made up, and whose hour goes fast.

The page takes each frame as it takes any other; only what it is told of the time is ahead. What it keeps by the clock
of this machine (delays of the last 20 seconds) it keeps of more updates than in an hour: memory can look larger here,
not smaller.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from google.protobuf.timestamp_pb2 import Timestamp
from playwright.sync_api import Page, WebSocketRoute

from bench.web_browser import heap_bytes
from binnacle.dashboard.v1 import dashboard_pb2
from binnacle.live.v1 import live_pb2 as pb
from binnacle.query.v1 import query_pb2

OVERVIEW, QUERY = "dashboard", "query"
SERIES, STEPS = 10, 300
UPDATES, EARLY = 3_600, 600
EVENTS_A_SECOND = 5
# So long a second lasts: the page draws each.
A_TURN_MS = 15


# Playwright notes something at who hears: no slots.
@dataclass
class Streamer:
    """Answers what the page asks for on its one stream."""

    route: WebSocketRoute
    asked: dict[str, str] = field(default_factory=dict)

    def hear(self, message: str | bytes) -> None:
        """One frame of the page."""
        frame = pb.ClientFrame.FromString(message if isinstance(message, bytes) else message.encode())
        kind = frame.WhichOneof("frame")
        if kind == "subscribe":
            self.asked[frame.subscribe.id] = frame.subscribe.room or frame.subscribe.WhichOneof("source") or ""
            if frame.subscribe.room == OVERVIEW:
                self._say(pb.Update(subscription=frame.subscribe.id, state=_state(int(time.time()))))
        elif kind == "unsubscribe":
            self.asked.pop(frame.unsubscribe.id, None)
        elif kind == "ping":
            pong = pb.Ping(number=frame.ping.number, time=_stamp(time.time()))
            self.route.send(pb.ServerFrame(pong=pong).SerializeToString())

    def tell(self, at: int) -> None:
        """What happened in a second."""
        self._say(*(update for name, source in self.asked.items() for update in _updates(name, source, at)))

    def _say(self, *updates: pb.Update) -> None:
        self.route.send(pb.ServerFrame(updates=updates).SerializeToString())


def play(page: Page, address: str, questions: int) -> tuple[float, float]:
    """Bytes that the page's scripts hold after ten minutes' and after an hour's worth of updates.

    `questions` is how many the page at this address asks on its stream.
    """
    streamers: list[Streamer] = []

    def open_one(route: WebSocketRoute) -> None:
        streamer = Streamer(route)
        streamers.append(streamer)
        route.on_message(streamer.hear)

    page.route_web_socket("**/ws/v1/live", open_one)
    page.goto(address)
    while not streamers or list(streamers[-1].asked.values()).count(QUERY) < questions:
        page.wait_for_timeout(A_TURN_MS)
    session = page.context.new_cdp_session(page)
    start, early = int(time.time()), 0.0
    for number in range(UPDATES):
        streamers[-1].tell(start + number)
        page.wait_for_timeout(A_TURN_MS)
        if number == EARLY:
            early = heap_bytes(session)
    # Whoever is not told anything does not grow either.
    assert page.get_attribute("[data-testid=connection]", "data-condition") == "live"
    return early, heap_bytes(session)


def _updates(name: str, source: str, at: int) -> Iterator[pb.Update]:
    if source == OVERVIEW:
        change = dashboard_pb2.DashboardUpdate(snapshot=_snapshot(at), points=[_point(at)])
        yield pb.Update(subscription=name, change=change)
        yield pb.Update(
            subscription=name, events=pb.Events(events=[_event(at, each) for each in range(EVENTS_A_SECOND)])
        )
    elif source == QUERY:
        yield pb.Update(subscription=name, answer=_answer(at))


def _state(at: int) -> dashboard_pb2.DashboardState:
    return dashboard_pb2.DashboardState(
        snapshot=_snapshot(at), history=[_point(at - each) for each in range(300, 0, -1)]
    )


def _snapshot(at: int) -> dashboard_pb2.DashboardSnapshot:
    made = dashboard_pb2.DashboardSnapshot(
        overview=dashboard_pb2.Overview(total_requests=at % 10_000, active_users=at % 50, average_latency_ms=12.5),
        realtime_stats=dashboard_pb2.RealtimeStats(requests_last_1min=60.0),
        updated_at=_stamp(at),
    )
    for number in range(12):
        name = f"service-{number}"
        service = dashboard_pb2.ServiceState(name=name, status="healthy", uptime_hours=1.0, request_count=at % 1_000)
        made.services[name].CopyFrom(service)
    return made


def _point(at: int) -> dashboard_pb2.SignalPoint:
    return dashboard_pb2.SignalPoint(time=_stamp(at), requests=50 + 20 * math.sin(at / 30))


def _event(at: int, number: int) -> pb.LiveEvent:
    made = pb.LiveEvent(accepted_time=_stamp(at), id=f"{at}-{number}")
    made.event.type, made.event.service = "purchase", f"service-{number}"
    made.event.time.CopyFrom(_stamp(at))
    made.event.data.update({"total": at % 100, "currency": "EUR"})
    return made


def _answer(at: int) -> query_pb2.TimeSeriesAnswer:
    starts = range(at - STEPS, at)
    result = query_pb2.ExpressionResult(name="now")
    for host in range(SERIES):
        series = result.series.add()
        series.labels["host"] = f"host-{host}"
        series.values.extend(10 * host + math.sin(each / 37 + host) for each in starts)
    return query_pb2.TimeSeriesAnswer(
        times_unix_ms=[1000 * each for each in starts],
        results=[result],
        full=True,
        step_ms=1000,
        start_unix_ms=1000 * starts.start,
        end_unix_ms=1000 * at,
    )


def _stamp(at: float) -> Timestamp:
    made = Timestamp()
    made.FromMilliseconds(int(1000 * at))
    return made
