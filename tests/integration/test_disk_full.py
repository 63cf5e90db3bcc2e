"""A full disk: refused, nothing acknowledged lost, nothing corrupt, and on it goes when there is room again."""

import os
from pathlib import Path

import httpx
import pytest

from tests.support.books import judge
from tests.support.lanes import Lanes
from tests.support.outages import drained, held
from tests.support.small_disk import fill, full, small_disk
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    return tmp_path / "data"


def test_the_disk_of_the_journal_is_full(data_dir: Path) -> None:
    with small_disk(data_dir / "collector", 24), Suite(data_dir) as suite, Lanes(suite) as load:
        load.wait_for_more(30)
        with full(data_dir / "collector"):
            # Large enough that no page the journal has freed will do.
            big = [{"service": "big", "message": "x" * 5_000}] * 100
            eventually_sync(lambda: is_refused(suite.http.post("/logs", json=big)), "it is refused", 30)
        load.wait_for_more(30)
        assert [answer for answer in load.refused if not is_refused(answer)] == []
        load.refused.clear()
        load.wait_for_more(30)
        load.stop()
        assert load.refused == []
        drained(suite, within=30)
        judge(suite, load)


def test_the_disk_of_the_store_is_full(data_dir: Path) -> None:
    disk = data_dir / "aggregator"
    with small_disk(disk, 512), Suite(data_dir) as suite, Lanes(suite) as load:
        load.wait_for_more(30)
        with full(disk):

            def takes_nothing() -> bool:
                # What merges have freed meanwhile is taken too.
                fill(disk / "ballast")
                return held(suite) > 100

            eventually_sync(takes_nothing, "the store takes nothing", 30)
            # Intake knows nothing of it.
            load.wait_for_more(50)
        load.wait_for_more(30)
        assert load.refused == []
        load.stop()
        drained(suite, within=60)
        judge(suite, load)


def is_refused(answer: httpx.Response) -> bool:
    """Whether an answer is a refusal for now, with a time to come back."""
    return answer.status_code in (429, 503) and int(answer.headers["retry-after"]) >= 1
