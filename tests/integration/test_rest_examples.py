"""The examples of the description can be tried as they are."""

import httpx
import pytest

from tests.support.rest import Request, Requests
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.timeout(180)]

REFUSED = {
    # Deletes everything; its example names a tenant that is not the caller's.
    "POST /api/v1/deletions/tenant": httpx.codes.BAD_REQUEST,
    # An open suite signs no tokens, so there are no keys.
    "POST /api/v1/keys": httpx.codes.CONFLICT,
    "POST /api/v1/keys/{id}/revoke": httpx.codes.NOT_FOUND,
}


def taken(http: httpx.Client, request: Request) -> httpx.Response:
    """The answer, once it is not that a busy service does not take calls just now: whoever is told so calls again."""
    answers: list[httpx.Response] = []

    def is_taken() -> bool:
        answers.append(request.send(http))
        return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

    eventually_sync(is_taken, f"{request.operation.label} is taken")
    return answers[-1]


def test_every_example_works(suite: Suite) -> None:
    answers = {request.operation.label: taken(suite.http, request) for request in Requests(suite.http).all()}
    assert answers
    faults = {
        label: f"{answer.status_code} {answer.text[:300]}"
        for label, answer in answers.items()
        if answer.status_code != REFUSED.get(label, httpx.codes.OK)
    }
    assert faults == {}
