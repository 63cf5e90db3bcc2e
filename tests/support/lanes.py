"""Load that keeps its own books: several lanes write through the edge, and note the fate of every point."""

import itertools
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from tests.support.suite import Suite

SERVICE = "ledger"
WATCHED_TYPE = "entry"
SAMPLE_NAME = "ledger_total"


def _request(number: int) -> tuple[str, object]:
    data = {"entry": number, "endpoint": "/ledger", "status_code": 200, "latency_ms": 5}
    return "/events", {"type": "request", "service": SERVICE, "data": data}


def _watched(number: int) -> tuple[str, object]:
    return "/events", {"type": WATCHED_TYPE, "service": SERVICE, "data": {"entry": number}}


def _sample(number: int) -> tuple[str, object]:
    return "/metrics", {"name": SAMPLE_NAME, "value": number}


KINDS: Mapping[str, Callable[[int], tuple[str, object]]] = {
    "request": _request,
    WATCHED_TYPE: _watched,
    "sample": _sample,
}


class Lanes:
    """Writes points of all kinds, one lane each, until `stop` or the block's end.

    `acknowledged` and `open` hold numbers by kind; an open one had no answer and may or may not be kept. `refused` are
    answers other than 200. `sending` is set whenever a request is about to leave.
    """

    def __init__(self, suite: Suite, pause: float = 0.003) -> None:
        self._suite = suite
        self._pause = pause
        self._stopping = threading.Event()
        self._progress = threading.Condition()
        self._threads = [threading.Thread(target=self._write, args=(kind,), name=kind) for kind in KINDS]
        self.acknowledged: dict[str, list[int]] = {kind: [] for kind in KINDS}
        self.open: dict[str, list[int]] = {kind: [] for kind in KINDS}
        self.refused: list[httpx.Response] = []
        self.slowest = 0.0
        self.sending = threading.Event()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Write nothing more; what is under way is waited for."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def sent(self, kind: str) -> int:
        """Points of a kind that may have been kept, the one under way too."""
        return len(self.acknowledged[kind]) + len(self.open[kind]) + 1

    def total(self) -> int:
        """Points acknowledged."""
        return sum(map(len, self.acknowledged.values()))

    def wait_for_more(self, acknowledged: int, within: float = 60.0) -> None:
        """Return once that many more of each kind were acknowledged; fail when they are not in time."""
        with self._progress:
            goals = {kind: len(numbers) + acknowledged for kind, numbers in self.acknowledged.items()}

            def reached() -> bool:
                return all(len(self.acknowledged[kind]) >= goal for kind, goal in goals.items())

            assert self._progress.wait_for(reached, within), (
                f"only {self.total()} acknowledged\n{self._suite.log()[-4000:]}"
            )

    def _write(self, kind: str) -> None:
        with httpx.Client(base_url=self._suite.url, timeout=10.0) as client:
            for number in itertools.count(1):
                if self._stopping.wait(self._pause):
                    return
                self._write_one(client, kind, number)

    def _write_one(self, client: httpx.Client, kind: str, number: int) -> None:
        path, body = KINDS[kind](number)
        self.sending.set()
        try:
            answer: httpx.Response | None = client.post(path, json=body)
        except httpx.TransportError:
            answer = None
        kept = answer is not None and answer.status_code == httpx.codes.OK
        with self._progress:
            # Without an answer a point may or may not be kept; it is not repeated.
            (self.acknowledged if kept else self.open)[kind].append(number)
            if answer is not None and not kept:
                self.refused.append(answer)
            elif answer is not None:
                self.slowest = max(self.slowest, answer.elapsed.total_seconds())
            self._progress.notify_all()


def faults(name: str, kept: Mapping[int, int], acknowledged: list[int], unanswered: list[int]) -> list[str]:
    """What is wrong with `kept` (number to times kept), in words; nothing when each is there once."""
    told = {
        "missing": [number for number in acknowledged if not kept.get(number)],
        "doubled": [number for number, times in kept.items() if times > 1],
        "never sent": sorted(set(kept) - {*acknowledged, *unanswered}),
    }
    return [f"{name}: {len(numbers)} {what}, such as {numbers[:5]}" for what, numbers in told.items() if numbers]


def entry_of(event: Mapping[str, Any]) -> int:
    """The number of an event of this load."""
    return int(event["data"]["entry"])
