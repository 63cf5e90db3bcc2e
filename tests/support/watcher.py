"""Somebody who looks at the dashboard all the time: connects again after every break, and notes what was wrong."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.support.lanes import SERVICE, WATCHED_TYPE, entry_of
from tests.support.suite import Suite

PAUSE_SECONDS = 0.05
READ_SECONDS = 0.5


class Watcher:
    """Watches `/ws/dashboard` until the block ends.

    `seen` are the entries that came as events, `faults` what should not have been: an event twice on one connection, or
    more requests than `sent` says.
    """

    def __init__(self, suite: Suite, sent: Callable[[], int]) -> None:
        self._url = f"ws://127.0.0.1:{suite.port}/ws/dashboard"
        self._sent = sent
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher")
        self.connections = 0
        self.updates = 0
        self.requests = 0
        self.seen: set[int] = set()
        self.faults: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            try:
                self._look()
            except (OSError, WebSocketException, EOFError):
                continue

    def _look(self) -> None:
        on_this_connection: Counter[int] = Counter()
        with connect(self._url, open_timeout=5, close_timeout=1) as socket:
            self.connections += 1
            while not self._stopping.is_set():
                try:
                    message = json.loads(socket.recv(timeout=READ_SECONDS))
                except TimeoutError:
                    continue
                self._take(message, on_this_connection)

    def _take(self, message: dict[str, Any], on_this_connection: Counter[int]) -> None:
        data = message["data"]
        if message["type"] == "event":
            if (data["service"], data["type"]) == (SERVICE, WATCHED_TYPE):
                on_this_connection[entry_of(data)] += 1
                self.seen.add(entry_of(data))
                if on_this_connection[entry_of(data)] > 1:
                    self.faults.append(f"entry {entry_of(data)} twice on connection {self.connections}")
        elif "overview" in data:
            self.updates += 1
            self.requests = int(data["overview"]["total_requests"])
            sent = self._sent()
            if self.requests > sent:
                self.faults.append(f"{self.requests} requests shown of {sent} sent")
            recent = Counter(
                entry_of(event) for event in data["realtime_stats"]["recent_events"] if event["type"] == WATCHED_TYPE
            )
            self.faults += [f"entry {entry} twice in one picture" for entry, times in recent.items() if times > 1]
