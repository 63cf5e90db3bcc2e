"""What some requests did on their way: spans of the services and stores that took part."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from services.core import conventions
from services.launcher.demo.catalogue import ENDPOINTS, STORES, WAITS_FOR, Endpoint
from services.launcher.demo.happenings import Span, Trace
from services.launcher.demo.stage import Stage

TRACED = 0.1
_OVERHEAD = 0.08
_ENTRIES = {service: [each for each in ENDPOINTS if each.service == service] for service in WAITS_FOR.values()}


class Tracing:
    """Tells traces of one request in ten; by chances of its own, so that nothing else depends on them.

    The request is an event already: its spans are internal ones, since a server's would count it once more.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._rng = Random(stage.start)

    def request(self, time: float, endpoint: Endpoint, status: int, latency: float) -> str:
        """Tell what a request did that ended at `time` after `latency` ms, or not; the trace it is part of."""
        if self._rng.random() >= TRACED:
            return ""
        trace_id = self._number(128)
        failed = status >= conventions.FIRST_FAILING_STATUS
        name = f"{endpoint.method} {endpoint.path}"
        facts = {"http.request.method": endpoint.method, "http.response.status_code": status}
        root = self._span(name, endpoint.service, "", time - latency / 1_000, latency, failed, facts)
        self._stage.tell(Trace(time, trace_id, (root, *self._below(root))))
        return trace_id

    def _below(self, span: Span) -> list[Span]:
        """What a service has others do, one after the other; what it waits for last is what failed."""
        told: list[Span] = []
        left = span.duration * (1 - _OVERHEAD)
        start = span.time + span.duration * _OVERHEAD / 2 / 1_000
        store, below = STORES.get(span.service), WAITS_FOR.get(span.service)
        if store:
            took = left * self._rng.uniform(0.1, 0.4)
            facts = {"db.system.name": "postgresql", "server.address": store, "db.namespace": span.service}
            told.append(self._call("SELECT", span, start, took, span.failed and not below, facts))
            start, left = start + took / 1_000, left - took
        if below:
            entry = self._rng.choice(_ENTRIES[below])
            name = f"{entry.method} {entry.path}"
            call = self._call(name, span, start, left * self._rng.uniform(0.5, 0.9), span.failed, {})
            answer = self._span(name, below, call.span_id, call.time + 0.0005, call.duration * 0.95, call.failed, {})
            told += [call, answer, *self._below(answer)]
        return told

    def _call(
        self, name: str, caller: Span, start: float, took: float, failed: bool, facts: Mapping[str, object]
    ) -> Span:
        return replace(self._span(name, caller.service, caller.span_id, start, took, failed, facts), calls=True)

    def _span(
        self, name: str, service: str, parent: str, start: float, took: float, failed: bool, facts: Mapping[str, object]
    ) -> Span:
        return Span(start, name, service, self._number(64), parent, took, failed, facts)

    def _number(self, bits: int) -> str:
        return f"{self._rng.getrandbits(bits):0{bits // 4}x}"
