"""The description of the REST face against the edge itself: no fault of ours, and no answer it does not describe."""

import copy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.rest import BINARY, LINES, Request, Requests
from tests.support.suite import running_suite

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(1800)]

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 100
PATIENCE_SECONDS = 60
Operation = APIOperation[Any, Any, Any, Any]


def test_every_answer_is_as_described(scale: float) -> None:
    # A suite of its own: what is asked at random may also delete.
    with running_suite(("--demo", "--agent")) as running:
        requests = {request.operation.identity: request for request in Requests(running.http).all()}
        description = schemathesis.openapi.from_url(f"{running.url}/openapi.json")
        operations = [found.ok() for found in description.get_all_operations() if isinstance(found, Ok)]
        asked = {operation.definition.raw["operationId"]: operation for operation in operations}
        assert set(asked) == set(requests)
        faults = [
            fault
            for identity, operation in asked.items()
            # A stream has no end to wait for.
            if not requests[identity].operation.is_endless
            for fault in _faults(operation, requests[identity], max(1, int(EXAMPLES * scale**1.5)))
        ]
        log = running.log()
    assert faults == []
    assert "call failed" not in log


@schemathesis.serializer(BINARY, LINES)
def _as_it_is(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _faults(operation: Operation, request: Request, examples: int) -> list[str]:
    @given(case=operation.as_strategy(), right=st.sets(st.sampled_from(["path", "query", "body"])), some=st.randoms())
    @settings(
        max_examples=examples,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    def every_answer_is_as_described(case: schemathesis.Case[Any], right: set[str], some: Any) -> None:
        # Made up altogether, a request hardly gets beyond its first rule: parts of one that works lead further in.
        if "path" in right:
            case.path_parameters |= request.in_path
        if "query" in right:
            case.query |= request.query
        if "body" in right and request.body is not None:
            case.body = _bent(request.body, some)
            case.media_type = BINARY if isinstance(request.body, bytes) else "application/json"
        case.call_and_validate(checks=CHECKS, timeout=PATIENCE_SECONDS)

    try:
        every_answer_is_as_described()
    except (FailureGroup, Failure) as fault:
        return [f"{operation.label}: {fault}"]
    return []


def _bent(body: Any, some: Any) -> Any:
    """A body that works, or one in which one value is another."""
    bent = copy.deepcopy(body)
    places = [*_places(bent)]
    if places and some.random() < 0.7:
        holder, key = some.choice(places)
        holder[key] = some.choice([None, 0, -1, 1e300, "", "x" * 3000, [], {}, True, "\u0000", "2026-01-01T00:00:00Z"])
    return bent


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _places(inner)
