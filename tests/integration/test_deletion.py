"""Deleting a person's data, through the edge: whoever asks meanwhile is answered."""

import time
from collections.abc import Iterator

import pytest

from tests.support.empty_store import lay_tidy_store
from tests.support.suite import Suite, running_suite, taken
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.timeout(180)]


@pytest.fixture
def suite() -> Iterator[Suite]:
    with running_suite(lay_store=lay_tidy_store) as running:
        yield running


def recorded(suite: Suite, user: str, count: int) -> None:
    """Events of a person, in the store when this returns."""
    suite.post("/events", [{"type": "told", "user_id": user, "data": {"place": n}} for n in range(count)])
    eventually_sync(lambda: lines(suite, user) == count, "the events are stored", within=40)


def lines(suite: Suite, user: str) -> int:
    """How many events of a person an export has."""
    wanted = {"data": "events", "format": "ndjson", "user_ids": user}
    # The edge hears that the aggregator is there a moment after `/health` does.
    answer = taken(lambda: suite.http.get("/api/v1/export", params=wanted), "the export")
    assert answer.status_code == 200, answer.text
    return len(answer.text.splitlines())


def state(suite: Suite, deletion: str) -> str:
    """How far a deletion is; everything else goes on."""
    for path in ("/dashboard", "/api/v1/services", "/events"):
        answer = suite.http.get(path)
        assert answer.status_code == 200, (path, answer.text)
    assert suite.health()["status"] == "healthy"
    return str(suite.get(f"/api/v1/deletions/{deletion}")["deletion"]["state"])


def test_a_person_is_deleted(suite: Suite) -> None:
    recorded(suite, "leaver", 10)
    begun = suite.post("/api/v1/deletions/users", {"user_id": "leaver"})["deletion"]
    eventually_sync(lambda: state(suite, begun["id"]) == "STATE_DONE", "the deletion is done", within=60)
    assert lines(suite, "leaver") == 0
    assert "leaver" not in str(suite.get("/dashboard"))
    assert begun["scope"] == "user"
    assert begun["id"] in [one["id"] for one in suite.get("/api/v1/deletions")["deletions"]]
    # Intake goes on.
    recorded(suite, f"comer-{time.time():.0f}", 3)
