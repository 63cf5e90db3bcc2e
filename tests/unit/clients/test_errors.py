import grpc
import pytest

from binnacle_client import (
    BinnacleError,
    DeadlineExceeded,
    Internal,
    InvalidInput,
    NotFound,
    Overloaded,
    Unauthenticated,
    Unavailable,
    Violation,
)
from binnacle_client.errors import DETAILS_KEY, error_of
from binnacle_client.timing import Backoff
from services.core import errors as spoken
from services.runtime.statuses import internal_status, status_from

ENVOY = "upstream connect error or disconnect/reset before headers. "


def heard(error: spoken.BinnacleError) -> BinnacleError:
    """What the client makes of an error as the services put it on the wire."""
    status = status_from(error)
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    return error_of(code, status.message, ((DETAILS_KEY, status.SerializeToString()),))


def test_invalid_input_names_each_field() -> None:
    error = heard(spoken.InvalidInput([spoken.Violation("events[3].type", "is required")]))
    assert isinstance(error, InvalidInput)
    assert error.violations == (Violation("events[3].type", "is required"),)


@pytest.mark.parametrize("told", [spoken.Overloaded("full", 1.5), spoken.Unavailable("away", 1.5)])
def test_a_typed_refusal_says_when_to_come_back_and_took_nothing(told: spoken.BinnacleError) -> None:
    error = heard(told)
    assert isinstance(error, Overloaded | Unavailable)
    assert error.retry_after == 1.5
    assert not error.uncertain


@pytest.mark.parametrize(
    ("details", "uncertain"),
    [
        ("failed to connect to all addresses; last error: UNKNOWN: connection refused", False),
        ("no healthy upstream", False),
        (ENVOY + "reset reason: remote connection failure, transport failure reason: no such file", False),
        (ENVOY + "reset reason: connection timeout", False),
        (ENVOY + "reset reason: connection termination", True),
        (ENVOY + "retried and the latest reset reason: remote connection failure", True),
        ("Socket closed", True),
        ("", True),
    ],
)
def test_unavailable_is_uncertain_unless_it_surely_was_not_sent(details: str, uncertain: bool) -> None:
    assert error_of(grpc.StatusCode.UNAVAILABLE, details, None).uncertain is uncertain


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED])
def test_a_stream_that_was_cut_counts_as_no_connection(code: grpc.StatusCode) -> None:
    error = error_of(code, "Stream removed (RST_STREAM (Received RST_STREAM with error code 2))", None)
    assert isinstance(error, Unavailable)
    assert error.uncertain


def test_a_message_too_large_is_invalid_and_not_overload() -> None:
    error = error_of(grpc.StatusCode.RESOURCE_EXHAUSTED, "Received message larger than max (5 vs. 4)", None)
    assert isinstance(error, InvalidInput)


@pytest.mark.parametrize(
    ("code", "kind", "uncertain"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, Unauthenticated, False),
        (grpc.StatusCode.UNIMPLEMENTED, NotFound, False),
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineExceeded, True),
        (grpc.StatusCode.UNKNOWN, Internal, True),
    ],
)
def test_other_codes_are_typed(code: grpc.StatusCode, kind: type[BinnacleError], uncertain: bool) -> None:
    error = error_of(code, "why", ())
    assert type(error) is kind
    assert error.uncertain is uncertain


def test_an_internal_fault_may_have_taken_what_was_sent() -> None:
    trailers = ((DETAILS_KEY, internal_status("r-1").SerializeToString()),)
    assert error_of(grpc.StatusCode.INTERNAL, "", trailers).uncertain


def test_broken_details_do_not_hide_the_error() -> None:
    assert str(error_of(grpc.StatusCode.NOT_FOUND, "no such thing", ((DETAILS_KEY, b"\xff\xff"),))) == "no such thing"


def test_waits_grow_to_a_limit_honour_the_server_and_begin_again() -> None:
    backoff = Backoff(first=1.0, longest=8.0)
    for ceiling in (1, 2, 4, 8, 8, 8):
        assert ceiling / 2 <= backoff.next() <= ceiling
    assert backoff.next(retry_after=60.0) == 60.0
    backoff.reset()
    assert backoff.next() <= 1.0
