"""Questions about errors in groups."""

import grpc

from binnacle.aggregator.v1 import error_service_pb2 as pb, error_service_pb2_grpc
from services.aggregator.convert import errors as convert, pages
from services.aggregator.convert.ranged_pages import ranged_page, ranged_token
from services.aggregator.convert.searches import error_search, hexadecimal
from services.aggregator.convert.time_ranges import range_from
from services.aggregator.ports.errors import Errors
from services.aggregator.ports.searches import ErrorSearch, TimeRange
from services.core.clock import Clock
from services.core.errors import InvalidInput, NotFound
from services.runtime.calls import current_call

_DIGITS = 16


class ErrorServicer(error_service_pb2_grpc.ErrorServiceServicer):
    """Lists groups of errors, and the errors of a group."""

    def __init__(self, errors: Errors, clock: Clock) -> None:
        self._errors = errors
        self._clock = clock

    async def ListErrorGroups(
        self,
        request: pb.ListErrorGroupsRequest,
        context: grpc.aio.ServicerContext[pb.ListErrorGroupsRequest, pb.ListErrorGroupsResponse],
    ) -> pb.ListErrorGroupsResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        order = convert.ORDERS.get(request.order)
        if order is None:
            raise InvalidInput.of("order", "must be one of ErrorOrder")
        range_, state = ranged_page(tenant, request, request.filter, self._clock.now())
        before = None if state is None else (int(state[0]), str(state[1]))
        found = await self._errors.groups(tenant, error_search(request.filter, range_), order, size + 1, before)
        page = found[:size]
        last = page[-1].position if len(found) > size else None
        return pb.ListErrorGroupsResponse(
            groups=[convert.group(each) for each in page],
            next_page_token=ranged_token(tenant, request, range_, last),
        )

    async def GetErrorGroup(
        self,
        request: pb.GetErrorGroupRequest,
        context: grpc.aio.ServicerContext[pb.GetErrorGroupRequest, pb.GetErrorGroupResponse],
    ) -> pb.GetErrorGroupResponse:
        fingerprint = hexadecimal("fingerprint", request.fingerprint, _DIGITS)
        search = ErrorSearch(TimeRange(*range_from(request, self._clock.now())))
        found = await self._errors.group(current_call().tenant, search, fingerprint)
        if found is None:
            raise NotFound("there is no error of this group within the range")
        return pb.GetErrorGroupResponse(group=convert.group(found))

    async def ListErrorOccurrences(
        self,
        request: pb.ListErrorOccurrencesRequest,
        context: grpc.aio.ServicerContext[pb.ListErrorOccurrencesRequest, pb.ListErrorOccurrencesResponse],
    ) -> pb.ListErrorOccurrencesResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        fingerprint = hexadecimal("fingerprint", request.fingerprint, _DIGITS)
        range_, state = ranged_page(tenant, request, request, self._clock.now(), prefix="")
        before = None if state is None else (state[0], state[1], state[2], state[3], state[4], state[5])
        found = await self._errors.occurrences(tenant, ErrorSearch(range_), fingerprint, size + 1, before)
        page = found[:size]
        last = page[-1].position if len(found) > size else None
        return pb.ListErrorOccurrencesResponse(
            occurrences=[convert.occurrence(each) for each in page],
            next_page_token=ranged_token(tenant, request, range_, last),
        )
