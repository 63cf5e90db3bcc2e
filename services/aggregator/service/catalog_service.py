"""What there is to ask for."""

from typing import Any

from binnacle.aggregator.v1 import catalog_service_pb2 as pb, catalog_service_pb2_grpc
from services.aggregator.convert import catalog as messages, pages
from services.aggregator.ports.catalog import Catalog
from services.core.clock import Clock
from services.core.errors import InvalidInput
from services.core.matching import MAX_LABEL
from services.runtime import page_tokens
from services.runtime.calls import current_call

MAX_LABELS = 10_000
MAX_REPORTED = 100
REPORTED = 20


class CatalogServicer(catalog_service_pb2_grpc.CatalogServiceServicer):
    """Lists metrics, series, labels and values."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock

    async def ListMetrics(self, request: pb.ListMetricsRequest, context: Any) -> pb.ListMetricsResponse:
        tenant, size = current_call().tenant, _size(request)
        state = page_tokens.state_of(tenant, request)
        after = None if state is None else (int(state[0]), str(state[1]))
        search, names = messages.search_from(request), messages.names_from(request)
        found = await self._catalog.metrics(tenant, search, size + 1, after, names)
        more = [found[size - 1].rank, found[size - 1].name] if len(found) > size else None
        return pb.ListMetricsResponse(
            metrics=[messages.metric(entry) for entry in found[:size]],
            next_page_token=_token(tenant, request, more),
        )

    async def ListSeries(self, request: pb.ListSeriesRequest, context: Any) -> pb.ListSeriesResponse:
        tenant, size = current_call().tenant, _size(request)
        state = page_tokens.state_of(tenant, request)
        selection = messages.selection_from(request, self._clock.now(), state)
        after = None if state is None else (str(state[2]), int(state[3]))
        found = await self._catalog.series(tenant, selection, size + 1, after)
        last = found[size - 1] if len(found) > size else None
        more = None if last is None else [*messages.range_state(selection), last.name, last.id]
        return pb.ListSeriesResponse(
            series=[messages.series(entry) for entry in found[:size]],
            next_page_token=_token(tenant, request, more),
        )

    async def ListLabels(self, request: pb.ListLabelsRequest, context: Any) -> pb.ListLabelsResponse:
        selection = messages.selection_from(request, self._clock.now())
        found = await self._catalog.labels(current_call().tenant, selection, MAX_LABELS + 1)
        if len(found) > MAX_LABELS:
            raise InvalidInput.of("match", f"must leave at most {MAX_LABELS:,} labels")
        return pb.ListLabelsResponse(labels=[messages.label(entry) for entry in found])

    async def ListLabelValues(self, request: pb.ListLabelValuesRequest, context: Any) -> pb.ListLabelValuesResponse:
        if not 1 <= len(request.label) <= MAX_LABEL or "\0" in request.label:
            raise InvalidInput.of("label", f"must have 1 to {MAX_LABEL} characters, none of them 0")
        tenant, size = current_call().tenant, _size(request)
        state = page_tokens.state_of(tenant, request)
        selection = messages.selection_from(request, self._clock.now(), state)
        after = None if state is None else (int(state[2]), str(state[3]))
        search = messages.search_from(request)
        found = await self._catalog.values(tenant, request.label, selection, search, size + 1, after)
        last = found[size - 1] if len(found) > size else None
        more = None if last is None else [*messages.range_state(selection), last.rank, last.value]
        return pb.ListLabelValuesResponse(
            values=[messages.value(entry) for entry in found[:size]],
            next_page_token=_token(tenant, request, more),
        )

    async def GetCardinality(self, request: pb.GetCardinalityRequest, context: Any) -> pb.GetCardinalityResponse:
        limit = request.limit or REPORTED
        if limit > MAX_REPORTED:
            raise InvalidInput.of("limit", f"must be between 1 and {MAX_REPORTED}")
        return messages.cardinality(await self._catalog.cardinality(current_call().tenant, limit))


def _size(request: Any) -> int:
    return pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)


def _token(tenant: str, request: Any, more: list[Any] | None) -> str:
    return "" if more is None else page_tokens.token_of(tenant, request, more)
