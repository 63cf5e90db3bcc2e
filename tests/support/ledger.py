"""A writer that keeps its own books: what was acknowledged, what was left open, what the store then holds."""

import itertools
import threading
from collections import Counter
from types import TracebackType
from typing import Self

import httpx

from tests.support.suite import Suite

LEDGER_SERVICE = "ledger"
PAGE_ROWS = 1000


class LedgerWriter:
    """Writes one request event after another until the block ends, and notes the fate of each."""

    def __init__(self, suite: Suite, pause: float = 0.005) -> None:
        self._suite = suite
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._write, name="ledger")
        self._progress = threading.Condition()
        self.acknowledged: list[str] = []
        self.open: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_for_more(self, acknowledged: int, within: float = 30.0) -> None:
        """Return once that many more were acknowledged; fail when they are not in time."""
        with self._progress:
            goal = len(self.acknowledged) + acknowledged
            assert self._progress.wait_for(lambda: len(self.acknowledged) >= goal, within), (
                f"only {len(self.acknowledged)} of {goal} acknowledged\n{self._suite.log()[-4000:]}"
            )

    def _write(self) -> None:
        with httpx.Client(base_url=self._suite.url, timeout=10.0) as client:
            for number in itertools.count():
                if self._stopping.wait(self._pause):
                    return
                self._write_one(client, f"entry-{number}")

    def _write_one(self, client: httpx.Client, entry: str) -> None:
        body = {
            "type": "request",
            "service": LEDGER_SERVICE,
            "data": {"entry": entry, "endpoint": "/ledger", "status_code": 200, "latency_ms": 5},
        }
        try:
            kept = client.post("/events", json=body).status_code == httpx.codes.OK
        except httpx.TransportError:
            kept = False
        with self._progress:
            # Without an answer an entry may or may not be kept; it is not repeated.
            (self.acknowledged if kept else self.open).append(entry)
            self._progress.notify_all()


def stored_entries(suite: Suite) -> Counter[str]:
    """How often the store holds each entry, read page by page."""
    found: Counter[str] = Counter()
    token = ""
    while True:
        page = suite.get("/api/v1/events", service=LEDGER_SERVICE, page_size=PAGE_ROWS, page_token=token)
        found.update(event["data"]["entry"] for event in page["events"])
        token = page["next_page_token"]
        if not token:
            return found
