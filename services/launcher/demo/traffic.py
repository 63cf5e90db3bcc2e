"""Requests: who asks what, how long it takes, whether it fails."""

from itertools import accumulate

from services.core import conventions
from services.launcher.demo.catalogue import COUNTS_FOR_ITSELF, ENDPOINTS, Endpoint
from services.launcher.demo.happenings import Event, Value
from services.launcher.demo.logbook import Logbook
from services.launcher.demo.rhythm import busyness
from services.launcher.demo.stage import Stage
from services.launcher.demo.stories import Stories
from services.launcher.demo.tracing import Tracing
from services.launcher.demo.visitors import Visitor, Visitors

_WEIGHTS = tuple(accumulate(endpoint.weight for endpoint in ENDPOINTS))
_FAILURES = (500, 502, 503, 504)
_MISTAKES = (400, 401, 404, 422)
_MISTAKEN = 0.012
# One in a hundred and twenty waits for something: a lock, a collection, a cold cache.
_HELD_UP = 1 / 120
LONGEST_MS = 30_000.0


class Traffic:
    """Requests at `rate` a second on average over the day."""

    def __init__(self, stage: Stage, visitors: Visitors, stories: Stories, logbook: Logbook) -> None:
        self._stage, self._visitors, self._stories, self._logbook = stage, visitors, stories, logbook
        self._tracing = Tracing(stage)
        stage.timeline.at(stage.start + self._gap(stage.start), self._request)

    def _gap(self, time: float) -> float:
        return self._stage.pause(1.0 / (self._stage.rate * busyness(time)))

    def _request(self, time: float) -> None:
        stage = self._stage
        stage.timeline.at(time + self._gap(time), self._request)
        endpoint = stage.rng.choices(ENDPOINTS, cum_weights=_WEIGHTS)[0]
        trouble = stage.trouble(endpoint.service, time)
        status, latency = self._status(endpoint, trouble), self._latency(endpoint, trouble)
        failed = status >= conventions.FIRST_FAILING_STATUS
        stage.services[endpoint.service].count(latency, failed)
        visitor = self._visitors.someone()
        self._tell(time, endpoint, status, latency, visitor)
        self._logbook.request(time, endpoint, status, latency, self._tracing.request(time, endpoint, status, latency))
        if status < _MISTAKES[0]:
            self._stories.tell(endpoint.story, time, visitor, latency)

    def _status(self, endpoint: Endpoint, trouble: float) -> int:
        rng, incident = self._stage.rng, self._stage.incident
        failing = endpoint.failing + (trouble * incident.failing if incident else 0.0)
        chance = rng.random()
        if chance < failing:
            return rng.choice(_FAILURES)
        if chance < failing + _MISTAKEN:
            return rng.choice(_MISTAKES)
        return 201 if endpoint.method == "POST" else 200

    def _latency(self, endpoint: Endpoint, trouble: float) -> float:
        """Milliseconds."""
        rng, incident = self._stage.rng, self._stage.incident
        latency = endpoint.median * rng.lognormvariate(0.0, endpoint.spread)
        if rng.random() < _HELD_UP:
            latency *= rng.uniform(4.0, 15.0)
        if incident:
            latency *= 1.0 + trouble * (incident.slowdown - 1.0)
        return min(latency, LONGEST_MS)

    def _tell(self, time: float, endpoint: Endpoint, status: int, latency: float, visitor: Visitor) -> None:
        if endpoint.service == COUNTS_FOR_ITSELF:
            self._count(time, endpoint, status, latency)
            return
        data = {
            conventions.ENDPOINT_KEY: endpoint.path,
            "method": endpoint.method,
            conventions.STATUS_CODE_KEY: status,
            conventions.LATENCY_KEY: round(latency, 2),
        }
        told = Event(time, conventions.REQUEST_EVENT, endpoint.service, data, visitor.user_id, visitor.session_id)
        self._stage.tell(told)

    def _count(self, time: float, endpoint: Endpoint, status: int, latency: float) -> None:
        labels = {conventions.SERVICE_LABEL: endpoint.service, conventions.ENDPOINT_LABEL: endpoint.path}
        self._stage.tell(Value(time, conventions.REQUESTS, 1.0, labels, "1", "delta"))
        self._stage.tell(Value(time, conventions.LATENCY, round(latency, 2), labels, "ms"))
        if status >= conventions.FIRST_FAILING_STATUS:
            self._stage.tell(Value(time, conventions.ERRORS, 1.0, labels, "1", "delta"))
