"""What Envoy asks of its rate-limit service, and the answers it takes."""

from collections.abc import Sequence

from google.protobuf.duration_pb2 import Duration

from binnacle.ratelimit.v1 import rate_limit_pb2 as pb
from services.aggregator.domain.access.edge_rates import Allowance, Caller
from services.core.errors import InvalidInput

TENANT, KEY = "tenant", "jti"
RETRY_AFTER = pb.Header(key="retry-after", value="1")


def callers_from(asked: pb.ShouldRateLimitRequest) -> list[Caller]:
    """Who is to be counted. Raises InvalidInput for a descriptor that is of nobody."""
    return [_caller(descriptor, place) for place, descriptor in enumerate(asked.descriptors)]


def _caller(descriptor: pb.Descriptor, place: int) -> Caller:
    told = {entry.key: entry.value for entry in descriptor.entries}
    if not told.get(TENANT) or told.keys() - {TENANT, KEY}:
        raise InvalidInput.of(f"descriptors[{place}]", f"must name a {TENANT}, and may name a {KEY}")
    return Caller(told[TENANT], told.get(KEY, ""))


def answer(callers: int, found: Sequence[Allowance]) -> pb.ShouldRateLimitResponse:
    """Whether it may pass; without allowances it may."""
    if not found:
        passing = [pb.DescriptorStatus(code=pb.CODE_OK)] * callers
        return pb.ShouldRateLimitResponse(overall_code=pb.CODE_OK, statuses=passing)
    over = any(one.over for one in found)
    return pb.ShouldRateLimitResponse(
        overall_code=_code(over=over),
        statuses=map(_status, found),
        response_headers_to_add=[RETRY_AFTER] if over else [],
    )


def _status(found: Allowance) -> pb.DescriptorStatus:
    reset = Duration()
    reset.FromMilliseconds(int(found.wait * 1_000))
    return pb.DescriptorStatus(
        code=_code(over=found.over),
        current_limit=pb.Limit(requests_per_unit=found.limit, unit=pb.UNIT_SECOND),
        limit_remaining=found.remaining,
        duration_until_reset=reset,
    )


def _code(*, over: bool) -> pb.Code.ValueType:
    return pb.CODE_OVER_LIMIT if over else pb.CODE_OK
