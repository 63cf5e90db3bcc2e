"""The examples of the description can be tried as they are."""

from functools import partial

import httpx
import pytest

from tests.support.rest import Requests
from tests.support.suite import Suite, taken

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.timeout(180)]

REFUSED = {
    # Deletes everything; its example names a tenant that is not the caller's.
    "POST /api/v1/deletions/tenant": httpx.codes.BAD_REQUEST,
    # An open suite signs no tokens, so there are no keys.
    "POST /api/v1/keys": httpx.codes.CONFLICT,
    "POST /api/v1/keys/{id}/revoke": httpx.codes.NOT_FOUND,
}


def test_every_example_works(suite: Suite) -> None:
    answers = {
        request.operation.label: taken(partial(request.send, suite.http), request.operation.label)
        for request in Requests(suite.http).all()
    }
    assert answers
    faults = {
        label: f"{answer.status_code} {answer.text[:300]}"
        for label, answer in answers.items()
        if answer.status_code != REFUSED.get(label, httpx.codes.OK)
    }
    assert faults == {}
