"""Traces of a made-up shop, with what is true of them."""

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.core.columns import SpanColumns, Telemetry

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = range(1, 6)
FAILED = 2
MS = 1_000_000


@dataclass(slots=True)
class MadeSpan:
    """One span; times in nanoseconds."""

    trace_id: str
    span_id: str
    parent: str
    service: str
    name: str
    kind: int
    start_ns: int
    duration_ns: int
    failed: bool = False
    attributes: dict[str, object] = field(default_factory=dict)
    events: list[dict[str, object]] = field(default_factory=list)
    message: str = ""


def telemetry(spans: Sequence[MadeSpan]) -> Telemetry:
    """Spans as a record holds them."""
    return Telemetry(
        spans=SpanColumns(
            np.array([span.start_ns for span in spans]),
            np.array([span.duration_ns for span in spans]),
            [span.trace_id for span in spans],
            [span.span_id for span in spans],
            [span.parent for span in spans],
            [span.name for span in spans],
            np.array([span.kind for span in spans], np.uint8),
            [span.service for span in spans],
            np.array([FAILED if span.failed else 0 for span in spans], np.uint8),
            [span.message for span in spans],
            [json.dumps(span.attributes) for span in spans],
            [json.dumps(span.events) for span in spans],
            ["[]" for _span in spans],
        )
    )


@dataclass(slots=True)
class Truth:
    """Durations and failures of calls: by caller and callee, and by callee."""

    durations: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def tell(self, caller: str, callee: str, span: MadeSpan) -> None:
        for pair in ((caller, callee), ("", callee)):
            self.durations[pair].append(span.duration_ns)
            self.errors[pair] += span.failed


class Shop:
    """Makes traces: web calls shop, which calls pay, a database, a queue that mail takes from, and a bank outside."""

    def __init__(self, rng: random.Random, start_ns: int) -> None:
        self._rng = rng
        self._start = start_ns
        self.spans: list[MadeSpan] = []
        self.truth = Truth()

    def trace(self, number: int) -> None:
        """One more trace, so many milliseconds after the start."""
        self._trace, self._now = f"{self._rng.getrandbits(128):032x}", self._start + number * MS
        root = self._span("", "web", "GET /buy", SERVER)
        self.truth.durations["", "web"].append(root.duration_ns)
        self.truth.errors["", "web"] += root.failed
        shop = self._call(root, "web", "shop", "Buy")
        within = self._span(shop.span_id, "shop", "check", INTERNAL)
        for _query in range(self._rng.randrange(3)):
            query = self._span(within.span_id, "shop", "SELECT", CLIENT, {"db.system": "postgresql"})
            self.truth.tell("shop", "postgresql", query)
        if self._rng.random() < 0.5:
            self._call(within, "shop", "pay", "Pay")
        if self._rng.random() < 0.3:
            bank = self._span(shop.span_id, "shop", "POST", CLIENT, {"server.address": "bank.example"})
            self.truth.tell("shop", "bank.example", bank)
        if self._rng.random() < 0.3:
            sent = self._span(shop.span_id, "shop", "send", PRODUCER, {"messaging.system": "kafka"})
            if self._rng.random() < 0.8:
                taken = self._span(sent.span_id, "mail", "take", CONSUMER)
                self.truth.tell("shop", "mail", taken)
            else:
                self.truth.tell("shop", "kafka", sent)

    def _call(self, parent: MadeSpan, caller: str, callee: str, name: str) -> MadeSpan:
        asked = self._span(parent.span_id, caller, name, CLIENT, {"server.address": f"{callee}.internal"})
        answered = self._span(asked.span_id, callee, name, SERVER)
        self.truth.tell(caller, callee, answered)
        return answered

    def _span(
        self, parent: str, service: str, name: str, kind: int, attributes: dict[str, object] | None = None
    ) -> MadeSpan:
        self._now += self._rng.randrange(1, MS)
        made = MadeSpan(
            self._trace, f"{self._rng.getrandbits(64):016x}", parent, service, name, kind, self._now,
            self._rng.randrange(1, 500 * MS), self._rng.random() < 0.1, attributes or {},
        )  # fmt: skip
        self.spans.append(made)
        return made
