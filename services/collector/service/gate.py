"""Every unary request to the collector passes here before it is parsed."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.collector.domain.admission import Admission
from services.core.errors import BinnacleError

# Asked for by operators and peers: to be answered most of all when there is too much to do.
FREE = ("/binnacle.telemetry.", "/binnacle.collector.v1.RecordService/")
SAMPLES = "samples"
# By a word in a method's name; whatever has none of them writes samples.
_KINDS = (("heartbeat", "heartbeats"), ("event", "events"), ("trace", "spans"), ("log", "logs"))


def kind_of(method: str) -> str:
    """What a method takes in, as counters and warnings name it."""
    name = method.rpartition(".")[2].lower()
    return next((kind for word, kind in _KINDS if word in name), SAMPLES)


class RequestGate:
    """Admits requests by their size alone."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._kinds: dict[str, str] = {}

    def refusal(self, tenant: str, method: str, size: int) -> BinnacleError | None:
        """Why a request is refused; None when it may try to enter."""
        if method.startswith(FREE):
            return None
        return self._admission.refusal(tenant, self._kind(method), size)

    @contextmanager
    def entered(self, tenant: str, method: str, size: int) -> Iterator[None]:
        """Around a request of `size` bytes. Raises LimitReached or TooLarge."""
        if method.startswith(FREE):
            yield
            return
        with self._admission.request(tenant, self._kind(method), size):
            yield

    def _kind(self, method: str) -> str:
        kind = self._kinds.get(method)
        if kind is None:
            kind = self._kinds[method] = kind_of(method)
        return kind
