"""The description of the REST face against the edge itself: no fault of ours, and no answer it does not describe."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.support.suite import running_suite

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
EXAMPLES = 100


def test_every_answer_is_as_described(scale: float) -> None:
    # A suite of its own: what is asked at random may also delete.
    with running_suite(("--demo", "--agent")) as running:
        description = schemathesis.openapi.from_url(f"{running.url}/openapi.json")
        operations = [result.ok() for result in description.get_all_operations() if isinstance(result, Ok)]
        faults = [fault for operation in operations for fault in _faults(operation, scale)]
    assert operations
    assert faults == []


@schemathesis.serializer("application/x-protobuf")
def _any_bytes(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _faults(operation: APIOperation[Any, Any, Any, Any], scale: float) -> list[str]:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=max(1, int(EXAMPLES * scale)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    def every_answer_is_as_described(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS, timeout=20)

    try:
        every_answer_is_as_described()
    except (FailureGroup, Failure) as fault:
        return [f"{operation.label}: {fault}"]
    return []
