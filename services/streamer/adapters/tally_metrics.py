"""The hub's counts as Prometheus metrics, read when they are asked for."""

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from services.streamer.domain.tally import AGE_BOUNDS, KINDS, Ages, Tally

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
        yield HistogramMetricFamily(
            PREFIX + "delivery_age_seconds",
            "From the making of an update to its sending to one viewer.",
            buckets=_buckets(tally.ages),
            sum_value=tally.ages.total,
        )
        yield self._freshness()

    def _freshness(self) -> Metric:
        made = HistogramMetricFamily(
            PREFIX + "freshness_seconds",
            "From the acceptance of an event or log line to its sending to one connection, by tenant.",
            labels=("tenant",),
        )
        for tenant, ages in self._tally.freshness.items():
            made.add_metric([tenant], _buckets(ages), ages.total)
        return made


def _buckets(ages: Ages) -> list[tuple[str, float]]:
    bounds = [*(str(bound) for bound in AGE_BOUNDS), "+Inf"]
    return list(zip(bounds, map(float, accumulate(ages.counts)), strict=True))
