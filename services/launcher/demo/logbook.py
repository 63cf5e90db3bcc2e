"""What services write into their logs."""

from services.launcher.demo.catalogue import Endpoint
from services.launcher.demo.happenings import Level, Line
from services.launcher.demo.stage import Stage

SLOW_MS = 1_000.0
_DEBUG = (
    "cache miss for key {key}",
    "acquired connection {key} from pool in {ms} ms",
    "serialised answer of {key} bytes",
)
_FAILURES = {
    500: "unhandled error in {method} {path}: {cause}",
    502: "bad answer from upstream in {method} {path}",
    503: "refused {method} {path}: {cause}",
    504: "gave up waiting for upstream in {method} {path} after {ms} ms",
}
_NO_CAUSE = "unexpected null in record"


class Logbook:
    """Writes about requests: every failure and slow answer, some of the rest."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def request(self, time: float, endpoint: Endpoint, status: int, latency: float, trace_id: str) -> None:
        """Write about one request, or not; latency in ms; the trace it is part of, empty when none."""
        service, ms = endpoint.service, round(latency, 1)
        facts = {"method": endpoint.method, "path": endpoint.path, "status_code": status, "latency_ms": ms}
        if status >= 500:
            incident = self._stage.incident
            cause = incident.cause if incident and incident.strength(service, time) else _NO_CAUSE
            text = _FAILURES[status].format(method=endpoint.method, path=endpoint.path, ms=ms, cause=cause)
            self.write(time, "error", text, service, trace_id, **facts)
        elif latency > SLOW_MS:
            text = f"slow answer: {endpoint.method} {endpoint.path} took {ms} ms"
            self.write(time, "warning", text, service, trace_id, **facts)
        else:
            self._chatter(time, endpoint, status, ms, facts)

    def _chatter(self, time: float, endpoint: Endpoint, status: int, ms: float, facts: dict[str, object]) -> None:
        chance = self._stage.rng.random()
        if chance < 0.12:
            text = f"{endpoint.method} {endpoint.path} answered {status} in {ms} ms"
            self.write(time, "info", text, endpoint.service, **facts)
        elif chance < 0.16:
            key = self._stage.rng.randrange(100, 9_999)
            text = self._stage.rng.choice(_DEBUG).format(key=key, ms=ms)
            self.write(time, "debug", text, endpoint.service, key=key)

    def write(
        self, time: float, level: Level, message: str, service: str, trace_id: str = "", /, **attributes: object
    ) -> None:
        """Write any line."""
        self._stage.tell(Line(time, level, message, service, attributes, trace_id))
