"""OpenTelemetry's own exporters where calls need a token: their points are the token's tenant's, or are refused."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.integration.otlp.exporters import run_python
from tests.support.suite import BINNACLE, Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.network, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(240)]

PROTOCOLS = ("grpc", "http/protobuf")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Suite]:
    with running_suite(("--no-agent", "--auth", "jwt")) as suite:
        yield suite


def token(suite: Suite, tenant: str, role: str) -> str:
    command = [str(BINNACLE), "token", "--tenant", tenant, "--role", role, "--data-dir", str(suite.data_dir)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def total(suite: Suite, tenant: str) -> float:
    """Metrics and logs that a tenant has."""
    headers = {"authorization": f"Bearer {token(suite, tenant, 'viewer')}"}
    answer = suite.http.get("/stats", headers=headers)
    assert answer.status_code == 200, answer.text
    held: dict[str, float] = answer.json()
    return min(held["total_metrics"], held["total_logs"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_with_a_token_they_write_for_its_tenant(guarded: Suite, protocol: str) -> None:
    tenant = f"acme-{protocol.partition('/')[0]}"
    assert run_python(protocol, guarded.url, "shop", token(guarded, tenant, "ingester")) == ""
    eventually_sync(lambda: total(guarded, tenant) > 0, "its points are stored", within=60)
    assert total(guarded, "somebody-else") == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("given", ["", "no.real.token"])
def test_without_one_they_are_told_so(guarded: Suite, protocol: str, given: str) -> None:
    complaint = run_python(protocol, guarded.url, "nobody", given)
    assert any(word in complaint.lower() for word in ("unauth", "401")), complaint
    assert total(guarded, "default") == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_with_one_that_is_for_reading_they_are_told_so(guarded: Suite, protocol: str) -> None:
    complaint = run_python(protocol, guarded.url, "nobody", token(guarded, "reader", "editor"))
    assert any(word in complaint.lower() for word in ("permission", "403", "forbidden")), complaint
    assert total(guarded, "reader") == 0
