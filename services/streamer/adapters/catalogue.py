"""What a tenant has sent, asked of the aggregator."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

import grpc

from binnacle.aggregator.v1 import (
    catalog_service_pb2 as pb,
    catalog_service_pb2_grpc,
    overview_service_pb2,
    overview_service_pb2_grpc,
    service_catalog_service_pb2,
    service_catalog_service_pb2_grpc,
)
from binnacle.metrics.v1 import metrics_pb2
from services.core.clock import Clock
from services.core.conventions import SERVICE_LABEL
from services.core.errors import InvalidInput, Unavailable
from services.runtime.calls import acting_for
from services.runtime.statuses import translated_errors
from services.streamer.domain.kept import Kept, Source, Untold
from services.streamer.ports.catalogue import Kind, Known, Metric

QUESTION_SECONDS = 10.0
FRESH_SECONDS = 10.0
# Two questions after one another.
FIRST_SECONDS = 2 * QUESTION_SECONDS
MOST_METRICS, MOST_LABELS, MOST_VALUES, PAGE = 5_000, 20, 1_000, 1_000
_NAME = "catalogue"
DAY = 86_400
_KINDS: Mapping[int, Kind] = {
    metrics_pb2.METRIC_KIND_COUNTER: "total",
    metrics_pb2.METRIC_KIND_DELTA: "increments",
    metrics_pb2.METRIC_KIND_HISTOGRAM: "distribution",
    metrics_pb2.METRIC_KIND_EXPONENTIAL_HISTOGRAM: "distribution",
    metrics_pb2.METRIC_KIND_SUMMARY: "distribution",
}


class KeptCatalogue:
    """See Catalogue. Asked for anew while somebody asks; only who is first waits."""

    def __init__(self, source: Source, clock: Clock, tasks: asyncio.TaskGroup) -> None:
        self._kept = Kept({_NAME: source}, clock, tasks, FIRST_SECONDS)

    async def known(self, tenant: str) -> Known:
        told = (await self._kept.tell(tenant, (_NAME,)))[_NAME]
        if isinstance(told, Untold):
            raise Unavailable(told.reason)
        return cast("Known", told.body)


class AggregatorCatalogue:
    """A source of what a tenant has sent, by two dozen questions. Of labels those of the most series are known, with
    values of which there are not too many.
    """

    interval = FRESH_SECONDS

    def __init__(self, aggregator: grpc.aio.Channel) -> None:
        self._catalog = catalog_service_pb2_grpc.CatalogServiceStub(aggregator)
        self._services = service_catalog_service_pb2_grpc.ServiceCatalogServiceStub(aggregator)
        self._overview = overview_service_pb2_grpc.OverviewServiceStub(aggregator)

    async def ask(self, tenant: str) -> Known:
        with acting_for(tenant), translated_errors("aggregator"):
            return await self._asked()

    async def _asked(self) -> Known:
        metrics, labels, services, stats = await asyncio.gather(
            self._metrics(),
            self._catalog.ListLabels(pb.ListLabelsRequest(), timeout=QUESTION_SECONDS),
            self._named(),
            self._overview.GetIntakeStats(
                overview_service_pb2.GetIntakeStatsRequest(), timeout=QUESTION_SECONDS
            ),
        )  # fmt: skip
        some = [one for one in labels.labels if one.values <= MOST_VALUES and one.name != "__name__"]
        names = [one.name for one in sorted(some, key=lambda one: -one.series)[:MOST_LABELS]]
        values = dict(zip(names, await asyncio.gather(*map(self._values, names)), strict=True))
        named = {*services, *values.get(SERVICE_LABEL, ())}
        return Known(metrics, {**values, SERVICE_LABEL: sorted(named)}, tuple(stats.events_by_type))

    async def _metrics(self) -> dict[str, Metric]:
        found: dict[str, Metric] = {}
        token = ""
        while len(found) < MOST_METRICS:
            asked = pb.ListMetricsRequest(page_size=PAGE, page_token=token)
            page = await self._catalog.ListMetrics(asked, timeout=QUESTION_SECONDS)
            found |= {one.name: metric_from(one) for one in page.metrics}
            token = page.next_page_token
            if not token:
                break
        return found

    async def _named(self) -> Sequence[str]:
        """Services that were heard of within a day; none where there are more than are listed."""
        asked = service_catalog_service_pb2.ListServicesRequest(window_seconds=DAY)
        try:
            with translated_errors("aggregator"):
                answer = await self._services.ListServices(asked, timeout=QUESTION_SECONDS)
        except InvalidInput:
            return ()
        return [one.service for one in answer.services]

    async def _values(self, label: str) -> Sequence[str]:
        asked = pb.ListLabelValuesRequest(label=label, page_size=PAGE)
        page = await self._catalog.ListLabelValues(asked, timeout=QUESTION_SECONDS)
        return [one.value for one in page.values]


def metric_from(given: pb.Metric) -> Metric:
    """A metric as the aggregator tells it."""
    return Metric(
        name=given.name,
        unit=given.units[0] if len(given.units) == 1 else "",
        kind=next((_KINDS[kind] for kind in given.kinds if kind in _KINDS), "value"),
        labels=frozenset(given.labels),
    )
