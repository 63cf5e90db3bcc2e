"""Metrics that every process keeps about its calls."""

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector

LATENCY_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class CallMetrics:
    """Duration of each call handled, by method and status code."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.handled = Histogram(
            "binnacle_rpc_duration_seconds",
            "Calls handled: time from the request to the end of the answer.",
            ("method", "code"),
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self._timers: dict[tuple[str, str], Histogram] = {}

    def took(self, method: str, code: str, seconds: float) -> None:
        """Count a call."""
        timer = self._timers.get((method, code))
        if timer is None:
            # To find the timer of two labels costs as much as to count.
            timer = self._timers[method, code] = self.handled.labels(method, code)
        timer.observe(seconds)


def new_registry() -> CollectorRegistry:
    """A registry with the figures of this process (CPU, memory, open files)."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry
