"""Metrics that every process keeps about its calls."""

from bisect import bisect_left
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.utils import floatToGoString

from services.runtime.exposition import labels_told

LATENCY_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_UPPER = [*(str(float(each)) for each in LATENCY_BUCKETS), "+Inf"]
_NAME = "binnacle_rpc_duration_seconds"
_HEAD = (
    f"# HELP {_NAME} Calls handled: time from the request to the end of the answer.",
    f"# TYPE {_NAME} histogram",
)


class _Timer:
    """Calls of one method that ended with one code."""

    __slots__ = ("_counts", "_seconds", "_told")

    def __init__(self, method: str, code: str) -> None:
        self._counts = [0] * len(_UPPER)
        self._seconds = 0.0
        labels = {"method": method, "code": code}
        self._told = [f"{_NAME}_bucket{labels_told({**labels, 'le': upper})}" for upper in _UPPER]
        self._told += [f"{_NAME}_{figure}{labels_told(labels)}" for figure in ("count", "sum")]

    def took(self, seconds: float) -> None:
        self._counts[bisect_left(LATENCY_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def lines(self) -> list[str]:
        running = list(accumulate(self._counts))
        figures = [*map(float, running), float(running[-1])]
        told = [f"{series} {figure}" for series, figure in zip(self._told, figures, strict=False)]
        return [*told, f"{self._told[-1]} {floatToGoString(self._seconds)}"]  # type: ignore[no-untyped-call]


class CallMetrics:
    """Duration of each call handled, by method and status code. Belongs to one event loop.

    A histogram of its own: that of the library takes as long to count a call as to answer a small one, and made up most
    of the time that it takes to tell the metrics of a process.
    """

    def __init__(self) -> None:
        self._timers: dict[tuple[str, str], _Timer] = {}

    def took(self, method: str, code: str, seconds: float) -> None:
        """Count a call."""
        timer = self._timers.get((method, code))
        if timer is None:
            timer = self._timers[method, code] = _Timer(method, code)
        timer.took(seconds)

    def exposition(self) -> str:
        """All of them as Prometheus text."""
        return "\n".join([*_HEAD, *(line for timer in self._timers.values() for line in timer.lines()), ""])


def new_registry() -> CollectorRegistry:
    """A registry with the figures of this process (CPU, memory, open files)."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry
