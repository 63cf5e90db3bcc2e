"""Remote write through the edge: a real Prometheus, and requests by hand for what it does not speak."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np
import pytest

from services.core.conventions import STALE_BITS
from tests.support.prometheus import Target, prometheus_program, running_prometheus, shown_on_a_port
from tests.support.remote_write import STALE, V1, V2, WriteV2, series, write_v1
from tests.support.stored import everything_is_stored, stored_samples
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(180)]

SCRAPES = 4
MAX_SERIES = 20
UP = {"__name__": "up", "job": "node"}
KINDS = ("samples", "histograms", "exemplars")
GAUGE, COUNTER = 1, 2


@pytest.fixture(scope="module")
def quiet() -> Iterator[Suite]:
    with running_suite(environment={"BINNACLE_SERIES_MAX": str(MAX_SERIES)}) as running:
        yield running


def write(suite: Suite, body: bytes, content_type: str = V1, **headers: str) -> httpx.Response:
    given = {"content-type": content_type, "content-encoding": "snappy", **headers}
    return suite.http.post("/api/v1/write", content=body, headers=given)


def now_ms() -> int:
    return int(time.time() * 1000)


def test_version_1(quiet: Suite) -> None:
    answer = write(quiet, write_v1(series(UP, (now_ms(), 1.0), (now_ms() + 1, STALE))))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-prometheus-remote-write-samples-written"] == "2"


def test_version_2_tells_what_it_wrote(quiet: Suite) -> None:
    body = WriteV2()
    body.add({"__name__": "jobs_total"}, (now_ms(), 1.0), (now_ms() + 1, 0.0), kind=1, unit="jobs")
    answer = write(quiet, body.body(), V2, **{"x-prometheus-remote-write-version": "2.0.0"})
    assert answer.status_code == 200, answer.text
    written = {kind: answer.headers[f"x-prometheus-remote-write-{kind}-written"] for kind in KINDS}
    assert written == {"samples": "2", "histograms": "0", "exemplars": "0"}


def test_what_is_refused_is_not_to_be_repeated(quiet: Suite) -> None:
    body = write_v1(series(UP, (now_ms(), 2.0), (1_000, 2.0)), series({"__name__": "bad-label", "é": "x"}))
    answer = write(quiet, body)
    assert answer.status_code == 400, answer.text
    assert "timeseries[0](up).time" in answer.text
    assert answer.headers["x-prometheus-remote-write-samples-written"] == "1"
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"junk", V1, 400),
        (b"", V2, 400),
        (write_v1(), "application/json", 415),
        (write_v1(), V2.replace("v2", "v3"), 415),
    ],
    ids=["junk", "empty", "json", "version 3"],
)
def test_what_cannot_be_read_says_so(quiet: Suite, body: bytes, content_type: str, status: int) -> None:
    answer = write(quiet, body, content_type)
    assert answer.status_code == status, answer.text
    assert answer.headers["x-prometheus-remote-write-samples-written"] == "0"


def test_a_limit_says_when_to_come_back(quiet: Suite) -> None:
    entries = [series({"__name__": "more", "number": str(n)}, (now_ms(), 1.0)) for n in range(MAX_SERIES + 1)]
    answer = write(quiet, write_v1(*entries))
    assert answer.status_code == 429, answer.text
    assert int(answer.headers["retry-after"]) >= 1


def test_a_real_prometheus_writes_what_it_scraped() -> None:
    program, target = prometheus_program(), Target()
    with tempfile.TemporaryDirectory(prefix="binnacle-test-") as folder:
        data_dir = Path(folder) / "data"
        with Suite(data_dir) as suite:
            with ExitStack() as shown:
                port = shown.enter_context(shown_on_a_port(target))
                with running_prometheus(program, port, f"{suite.url}/api/v1/write") as url:
                    # One may be lost while the target goes away.
                    eventually_sync(lambda: len(target.shown) > SCRAPES + 1, "the target is scraped", within=60)
                    shown.close()
                    eventually_sync(lambda: value_of(url, "up") == "0", "Prometheus misses its target", within=60)
                    # What it has not sent when it is stopped, it never sends; what it sends, it sends in order.
                    missed = time.time() + 1
                    eventually_sync(lambda: sent_until(url) >= missed, "Prometheus sent what it missed", within=60)
            everything_is_stored(suite)
        found = stored_samples(data_dir)
    depth, orders, idle = (found[name] for name in ("shop_depth", "shop_orders_total", "shop_idle"))
    for series_found, name in ((depth, "shop_depth"), (orders, "shop_orders_total"), (idle, "shop_idle")):
        assert series_found.labels == {"lane": "a", "job": "shop", "instance": f"127.0.0.1:{port}", "cluster": "test"}
        # In their order, each scrape once, and then the end; one that took Prometheus over a second is none to it.
        values = series_found.bits[series_found.bits != STALE_BITS].view(np.float64).tolist()
        assert len(values) >= SCRAPES
        shown_then = iter([each[name] for each in target.shown])
        assert all(value in shown_then for value in values), values
        assert series_found.bits[-1] == STALE_BITS
        assert (np.diff(series_found.times_ms) > 0).all()
    assert (depth.kind, orders.kind) == (GAUGE, COUNTER)
    assert found["up"].bits.view(np.float64).tolist()[-1] == 0.0
    assert "shop_wait" not in found or (found["shop_wait"].bits == STALE_BITS).all()


def sent_until(url: str) -> float:
    """Seconds since the epoch: the newest sample, rounded down to a second, that Prometheus says it has sent."""
    try:
        text = httpx.get(f"{url}/metrics").text
    except httpx.TransportError:
        return 0.0
    name = "prometheus_remote_storage_queue_highest_sent_timestamp_seconds"
    return float(next((line.split()[-1] for line in text.splitlines() if line.startswith(name)), 0))


def value_of(url: str, query: str) -> str | None:
    """What Prometheus itself answers; None when nothing, or not yet."""
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": query})
    except httpx.TransportError:
        return None
    result = answer.json()["data"]["result"] if answer.status_code == 200 else []
    return str(result[0]["value"][1]) if result else None
