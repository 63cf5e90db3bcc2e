"""Errors on the wire: BinnacleError <-> google.rpc.Status, one table, both ways."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.core.errors import (
    BinnacleError,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    InvalidInput,
    NotFound,
    Overloaded,
    Unauthenticated,
    Unavailable,
    Violation,
)

DOMAIN = "binnacle"
DETAILS_KEY = "grpc-status-details-bin"

# Error type, status code, name in binnacle.errors.v1.ErrorReason without its prefix.
_TABLE: tuple[tuple[type[BinnacleError], grpc.StatusCode, str], ...] = (
    (InvalidInput, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT"),
    (NotFound, grpc.StatusCode.NOT_FOUND, "NOT_FOUND"),
    (Conflict, grpc.StatusCode.ABORTED, "CONFLICT"),
    (Unauthenticated, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"),
    (Forbidden, grpc.StatusCode.PERMISSION_DENIED, "FORBIDDEN"),
    (Overloaded, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"),
    (Unavailable, grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE"),
    (DeadlineExceeded, grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE"),
)
DEFAULT_RETRY = 1.0
# A status travels in headers, of which clients take 8 KiB: what is wrong with a very long request is told in part.
MAX_MESSAGE = 500
MAX_VIOLATIONS = 10
MAX_FIELD = 100
MAX_DESCRIPTION = 200


def told(error: BinnacleError) -> tuple[grpc.StatusCode, str]:
    """The code and the reason that an error is told by."""
    return next((code, reason) for kind, code, reason in _TABLE if isinstance(error, kind))


def status_from(error: BinnacleError) -> status_pb2.Status:
    """The status that tells `error` to a caller, with its details."""
    code, reason = told(error)
    status = status_pb2.Status(code=code.value[0], message=_cut(str(error), MAX_MESSAGE))
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN))
    if isinstance(error, InvalidInput):
        fields = [
            error_details_pb2.BadRequest.FieldViolation(
                field=_cut(v.field, MAX_FIELD), description=_cut(v.description, MAX_DESCRIPTION)
            )
            for v in error.violations[:MAX_VIOLATIONS]
        ]
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=fields))
    if isinstance(error, Overloaded | Unavailable):
        delay = Duration()
        delay.FromNanoseconds(int(error.retry_after * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def internal_status(request_id: str) -> status_pb2.Status:
    """The status of a fault of ours: the request id to look for in the log, and nothing else."""
    status = status_pb2.Status(code=code_pb2.INTERNAL, message=f"internal error; the log has it under {request_id}")
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata={"request_id": request_id})
    )
    return status


def error_from(error: grpc.aio.AioRpcError, peer: str) -> BinnacleError:
    """The error that `peer` told. What is no error of its own making becomes Unavailable."""
    details = _Details.read(error)
    message = error.details() or error.code().name
    makers: dict[grpc.StatusCode, Callable[[], BinnacleError]] = {
        grpc.StatusCode.INVALID_ARGUMENT: lambda: InvalidInput(details.violations or [Violation("", message)]),
        grpc.StatusCode.NOT_FOUND: lambda: NotFound(message),
        grpc.StatusCode.ABORTED: lambda: Conflict(message),
        grpc.StatusCode.UNAUTHENTICATED: lambda: Unauthenticated(message),
        grpc.StatusCode.PERMISSION_DENIED: lambda: Forbidden(message),
        grpc.StatusCode.RESOURCE_EXHAUSTED: lambda: Overloaded(message, details.retry_after),
        grpc.StatusCode.DEADLINE_EXCEEDED: lambda: DeadlineExceeded(f"{peer} did not answer in time"),
    }
    make = makers.get(error.code())
    return make() if make else Unavailable(f"{peer} does not answer: {message}", details.retry_after)


@contextmanager
def translated_errors(peer: str) -> Iterator[None]:
    """Turn the status of a failed call to `peer` into the error it stands for."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise error_from(error, peer) from error


class _Details:
    """What the details of a status say, as far as this suite reads them."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self.retry_after = DEFAULT_RETRY

    @classmethod
    def read(cls, error: grpc.aio.AioRpcError) -> "_Details":
        found = cls()
        for key, value in error.trailing_metadata() or ():
            if key == DETAILS_KEY and isinstance(value, bytes):
                found._take(value)
        return found

    def _take(self, raw: bytes) -> None:
        status = status_pb2.Status()
        try:
            status.ParseFromString(raw)
        except DecodeError:
            return
        for detail in status.details:
            bad, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
            if detail.Unpack(bad):
                self.violations = [Violation(v.field, v.description) for v in bad.field_violations]
            elif detail.Unpack(retry):
                self.retry_after = retry.retry_delay.ToNanoseconds() / 1e9
