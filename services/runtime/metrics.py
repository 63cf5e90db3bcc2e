"""Metrics that every process keeps about its calls."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from services.runtime.exposition import PROCESS, labels_told

LATENCY_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_UPPER = [*(str(float(each)) for each in LATENCY_BUCKETS), "+Inf"]
_NAME = "binnacle_rpc_duration_seconds"
_ABOUT = "Calls handled: time from the request to the end of the answer."
_HEAD = f"# HELP {_NAME} {_ABOUT}\n# TYPE {_NAME} histogram\n"


class _Timer:
    """Calls of one method that ended with one code."""

    __slots__ = ("_counts", "_text", "_told", "seconds")

    def __init__(self, process: str, method: str, code: str) -> None:
        self._counts = [0] * len(_UPPER)
        self._text = ""
        self.seconds = 0.0
        labels = {"method": method, "code": code, PROCESS: process}
        self._told = [f"{_NAME}_bucket{labels_told({**labels, 'le': upper})}" for upper in _UPPER]
        self._told += [f"{_NAME}_{figure}{labels_told(labels)}" for figure in ("count", "sum")]

    def took(self, seconds: float) -> None:
        self._counts[bisect_left(LATENCY_BUCKETS, seconds)] += 1
        self.seconds += seconds
        self._text = ""

    def running(self) -> list[float]:
        """How many took up to each bound."""
        return list(map(float, accumulate(self._counts)))

    def text(self) -> str:
        """Its samples, a line each; kept until the next call."""
        if not self._text:
            running = self.running()
            figures = [*map(str, running), str(running[-1]), floatToGoString(self.seconds)]  # type: ignore[no-untyped-call]
            self._text = "".join(f"{series} {figure}\n" for series, figure in zip(self._told, figures, strict=True))
        return self._text


class CallMetrics(Collector):
    """Duration of each call that the process `process` handled, by method and status code. Belongs to one event loop.

    A histogram of its own: that of the library takes as long to count a call as to answer a small one, and made up most
    of the time that it takes to tell the metrics of a process.
    """

    def __init__(self, process: str) -> None:
        self._process = process
        self._timers: dict[tuple[str, str], _Timer] = {}

    def took(self, method: str, code: str, seconds: float) -> None:
        """Count a call."""
        timer = self._timers.get((method, code))
        if timer is None:
            timer = self._timers[method, code] = _Timer(self._process, method, code)
        timer.took(seconds)

    def exposition(self) -> str:
        """All of them as Prometheus text, labelled `process`."""
        return "".join([_HEAD, *(timer.text() for timer in self._timers.values())])

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """The same for a registry of the library, which may ask from another thread."""
        told = HistogramMetricFamily(_NAME, _ABOUT, labels=("method", "code"))
        for labels, timer in list(self._timers.items()):
            told.add_metric(labels, list(zip(_UPPER, timer.running(), strict=True)), timer.seconds)
        yield told


def new_registry() -> CollectorRegistry:
    """A registry with the figures of this process (CPU, memory, open files)."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry
