"""Errors over HTTP read as the edge makes them of gRPC's."""

import json

import pytest
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2  # noqa: F401 - known by name to the JSON printer

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
from services.runtime import http
from services.runtime.statuses import status_from

ERRORS = [
    (InvalidInput([Violation("events[0].type", "is missing"), Violation("", "is odd")]), 400, None),
    (NotFound("no such"), 404, None),
    (Conflict("taken"), 409, None),
    (Unauthenticated("who"), 401, None),
    (Forbidden("not you"), 403, None),
    (Overloaded("later", 2.5), 429, "3"),
    (Unavailable("gone", 0), 503, "1"),
    (DeadlineExceeded("late"), 504, None),
]


@pytest.mark.parametrize(("error", "status", "retry_after"), ERRORS, ids=lambda value: type(value).__name__)
def test_an_error_is_told_as_its_status_would_be(error: BinnacleError, status: int, retry_after: str | None) -> None:
    answer = http.refusal(error)
    assert (answer.status, answer.headers.get("retry-after")) == (status, retry_after)
    assert isinstance(answer.body, bytes)
    told = json.loads(answer.body)
    expected = MessageToDict(
        status_from(error), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    assert told == expected


def test_a_fault_of_ours_tells_the_request_alone() -> None:
    answer = http.fault("abc")
    assert isinstance(answer.body, bytes)
    assert (answer.status, json.loads(answer.body)["details"][0]["metadata"]) == (500, {"request_id": "abc"})
