"""Puts together what edges that share their limits ask."""

from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from services.aggregator.adapters.redis_counters import RedisCounters
from services.aggregator.config import AggregatorConfig
from services.aggregator.domain.access.edge_rates import Caller, EdgeRates
from services.runtime.process import Process
from services.runtime.redis_client import open_redis


class _Unjudged(Collector):
    """How many requests passed uncounted, as a metric."""

    def __init__(self, rates: EdgeRates, registry: CollectorRegistry) -> None:
        self._rates = rates
        registry.register(self)

    def collect(self) -> list[CounterMetricFamily]:
        name = "binnacle_aggregator_edge_requests_uncounted"
        about = "Requests that passed the edges uncounted, because Redis did not answer."
        return [CounterMetricFamily(name, about, value=self._rates.unjudged)]


async def edge_rates(config: AggregatorConfig, process: Process, opened: AsyncExitStack) -> EdgeRates | None:
    """What judges requests for edges; None without a Redis to count in."""
    if not config.redis_url:
        return None
    tenants = process.access.standing

    def limit(caller: Caller) -> int:
        if caller.key:
            return config.edge_key_requests_per_second
        known = tenants.tenants.get(caller.tenant)
        own = known.limits.requests_per_second if known else 0.0
        return int(own) or config.edge_tenant_requests_per_second

    redis = await opened.enter_async_context(open_redis(config.redis_url))
    rates = EdgeRates(RedisCounters(redis), limit, process.clock)
    _Unjudged(rates, process.registry)
    return rates
