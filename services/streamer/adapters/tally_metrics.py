"""The hub's counts as Prometheus metrics, read when they are asked for."""

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from services.streamer.domain.tally import AGE_BOUNDS, KINDS, Tally

PREFIX = "binnacle_streamer_"


class TallyMetrics(Collector):
    """Shows a tally."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def collect(self) -> Iterable[Metric]:
        """Every figure as it stands."""
        tally = self._tally
        connections = GaugeMetricFamily(PREFIX + "connections", "Viewers connected now, by kind.", labels=("kind",))
        sent = CounterMetricFamily(PREFIX + "messages_sent", "Messages handed to the transport.", labels=("kind",))
        for kind in KINDS:
            connections.add_metric([kind], tally.connected[kind])
            sent.add_metric([kind], tally.sent[kind])
        yield connections
        yield sent
        yield GaugeMetricFamily(PREFIX + "upstream_watches", "Watches of the aggregator now.", tally.watches)
        yield CounterMetricFamily(PREFIX + "upstream_losses", "Watches lost and begun again.", tally.losses)
        yield CounterMetricFamily(PREFIX + "conflated_updates", "Updates merged into a later one.", tally.conflated)
        yield CounterMetricFamily(PREFIX + "slow_viewers_ended", "Viewers ended for being too slow.", tally.slow)
        yield self._ages()

    def _ages(self) -> Metric:
        bounds = [*(str(bound) for bound in AGE_BOUNDS), "+Inf"]
        buckets = list(zip(bounds, map(float, accumulate(self._tally.ages.counts)), strict=True))
        return HistogramMetricFamily(
            PREFIX + "delivery_age_seconds",
            "From the making of an update to its sending to one viewer.",
            buckets=buckets,
            sum_value=self._tally.ages.total,
        )
