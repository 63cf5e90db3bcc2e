"""Errors of the client.

BinnacleError              `uncertain` tells whether the server may have taken what was sent
├── InvalidInput           fields that break their rules; `violations` names each
├── NotFound
├── Conflict
├── Unauthenticated        no token, or one that does not hold
├── Forbidden              the token does not allow the call
├── Overloaded             a limit or a full queue; `retry_after` seconds
├── Unavailable            no connection, or a part that does not answer; `retry_after` seconds
├── DeadlineExceeded       no answer in time
└── Internal               a fault of the server's
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "binnacle"
DETAILS_KEY = "grpc-status-details-bin"

# What gRPC itself and Envoy say when a request never left them. Anything less clear counts as uncertain.
_NEVER_SENT = re.compile(
    r"failed to connect to all addresses|no healthy upstream|"
    r"(?<!latest )reset reason: (?:remote |local )?connection (?:failure|timeout)"
)
# A stream that was cut on its way, by a connection that broke or an edge that ended.
_CUT = re.compile(r"RST_STREAM|GOAWAY|Stream removed|Socket closed|connection reset", re.IGNORECASE)
_TOO_LARGE = re.compile(r"larger than max|too large", re.IGNORECASE)

_Detail = TypeVar("_Detail", bound=Message)


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks its rule: `events[3].type`, and what would be right."""

    field: str
    description: str


class BinnacleError(Exception):
    """Base of every error of this client."""

    def __init__(self, message: str, *, uncertain: bool = False) -> None:
        super().__init__(message)
        self.uncertain = uncertain


class InvalidInput(BinnacleError):
    """Fields that break their rules."""

    def __init__(self, message: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(message)
        self.violations = tuple(violations)


class NotFound(BinnacleError):
    """The thing asked for does not exist."""


class Conflict(BinnacleError):
    """The thing exists in another version than the one expected."""


class Unauthenticated(BinnacleError):
    """No token, or one that does not hold."""


class Forbidden(BinnacleError):
    """The token does not allow the call."""


class Overloaded(BinnacleError):
    """A limit or a full queue; `retry_after` in seconds, 0 when the server did not say."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(BinnacleError):
    """No connection, or a part that does not answer; `retry_after` in seconds, 0 when the server did not say."""

    def __init__(self, message: str, retry_after: float = 0.0, *, uncertain: bool = False) -> None:
        super().__init__(message, uncertain=uncertain)
        self.retry_after = retry_after


class DeadlineExceeded(BinnacleError):
    """No answer in time."""


class Internal(BinnacleError):
    """A fault of the server's."""


_PLAIN: dict[grpc.StatusCode, Callable[[str], BinnacleError]] = {
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.UNIMPLEMENTED: NotFound,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.DEADLINE_EXCEEDED: lambda message: DeadlineExceeded(message, uncertain=True),
}


def error_from(error: grpc.aio.AioRpcError) -> BinnacleError:
    """The typed error of a failed call."""
    return error_of(error.code(), error.details() or "", error.trailing_metadata())


def error_of(code: grpc.StatusCode, details: str, trailers: Any) -> BinnacleError:
    """The typed error of a status with its trailing metadata."""
    status = _status(trailers)
    message = status.message or details
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        return InvalidInput(message, _violations(status))
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        # gRPC reports a message above its size limit under the same code; sending it again cannot help.
        return InvalidInput(message) if _TOO_LARGE.search(details) else Overloaded(message, _retry_after(status))
    if code is grpc.StatusCode.UNAVAILABLE:
        refused = _is_ours(status) or _NEVER_SENT.search(details) is not None
        return Unavailable(message, _retry_after(status), uncertain=not refused)
    if not _is_ours(status) and _CUT.search(details):
        return Unavailable(message, uncertain=True)
    if code in _PLAIN:
        return _PLAIN[code](message)
    return Internal(message or code.name, uncertain=True)


def _status(trailers: Any) -> status_pb2.Status:
    for key, value in trailers or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                break
    return status_pb2.Status()


def _details(status: status_pb2.Status, kind: type[_Detail]) -> Iterator[_Detail]:
    for packed in status.details:
        found = kind()
        if packed.Unpack(found):
            yield found


def _violations(status: status_pb2.Status) -> list[Violation]:
    requests = _details(status, error_details_pb2.BadRequest)
    return [Violation(v.field, v.description) for request in requests for v in request.field_violations]


def _retry_after(status: status_pb2.Status) -> float:
    for info in _details(status, error_details_pb2.RetryInfo):
        return float(info.retry_delay.seconds + info.retry_delay.nanos / 1e9)
    return 0.0


def _is_ours(status: status_pb2.Status) -> bool:
    return any(info.domain == DOMAIN for info in _details(status, error_details_pb2.ErrorInfo))
