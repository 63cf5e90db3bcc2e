"""Requests repeated with Idempotency-Key, as a client at the edge sees them."""

import itertools
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from binnacle_client import Options, SyncClient
from tests.support.stored import everything_is_stored
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(600)]


def post(suite: Suite, service: str, key: str) -> dict[str, object]:
    """One request event, under a name, sent until it is answered: the edge may not have found a part again yet."""
    answers: list[httpx.Response] = []

    def taken() -> bool:
        body, headers = {"type": "request", "service": service}, {"Idempotency-Key": key}
        answers.append(suite.http.post("/events", json=body, headers=headers))
        assert answers[-1].status_code in (httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE), answers[-1].text
        return answers[-1].status_code == httpx.codes.OK

    eventually_sync(taken, "the request is taken")
    return dict(answers[-1].json())


def stored(suite: Suite, service: str) -> int:
    return int(suite.get("/events", service=service)["count"])


def settle(suite: Suite) -> None:
    """Return when all that was posted before is stored and shown: what is posted last comes last."""
    # A killed process is missed only when the next call needs it.
    eventually_sync(lambda: suite.http.get("/events").status_code == 200, "the store answers", within=60)
    suite.wait_ready()
    mark = f"mark-{uuid.uuid4()}"
    post(suite, mark, mark)
    everything_is_stored(suite)
    eventually_sync(lambda: mark in suite.get("/dashboard")["services"], "the mark is shown", within=60)


def test_a_repeated_request_is_answered_alike_and_counts_once(suite: Suite) -> None:
    name = str(uuid.uuid4())
    answers = [post(suite, name, name) for _time in range(3)]
    assert answers == [{"accepted": 1, "rejected": 0, "rejections": []}] * 3
    settle(suite)
    assert stored(suite, name) == 1


@pytest.mark.parametrize("key", ["", "x" * 65])
@pytest.mark.parametrize("path", ["/events", "/metrics", "/heartbeat", "/logs"])
def test_a_bad_key_is_refused_by_its_name(suite: Suite, path: str, key: str) -> None:
    refused = suite.http.post(path, json={}, headers={"Idempotency-Key": key})
    assert refused.status_code == 400
    fields = [each["field"] for detail in refused.json()["details"] for each in detail.get("field_violations", [])]
    assert fields == ["Idempotency-Key"]


def test_after_cuts_and_kills_it_counts_once() -> None:
    with running_suite() as suite:
        body = b'{"type":"request","service":"cut"}'
        head = f"POST /events HTTP/1.1\r\nhost: x\r\nidempotency-key: cut\r\ncontent-length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", suite.port)) as connection:
            connection.sendall(head.encode() + body)
            eventually_sync(lambda: stored(suite, "cut") == 1, "the first is stored")
        post(suite, "cut", "cut")
        for process in ("collector", "aggregator", "envoy"):
            suite.kill(process)
            suite.wait_ready()
            post(suite, "cut", "cut")
        settle(suite)
        assert stored(suite, "cut") == 1
        assert suite.get("/dashboard")["services"]["cut"]["request_count"] == 1


@contextmanager
def writing(client: SyncClient) -> Iterator[Callable[[], int]]:
    """Writes an event and a sample, again and again, until the block ends; gives how many of each so far."""
    turns, stopping = itertools.count(1), threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stopping.wait(0.002):
            client.events.write("request", service="client")
            client.metrics.write("turns", float(next(turns)))
            written += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda: written
    finally:
        stopping.set()
        thread.join()


def test_what_the_client_wrote_while_processes_were_killed_counts_once() -> None:
    small = Options(flush_interval=0.02, batch_size=20, samples_batch=20, longest_backoff=0.5)
    with running_suite() as suite:
        with SyncClient(suite.url.removeprefix("http://"), options=small) as client:
            with writing(client) as written:
                for process in ("collector", "envoy", "aggregator"):
                    goal = written() + 200
                    eventually_sync(lambda: written() >= goal, "more is written")  # noqa: B023 - called at once
                    suite.kill(process)
                    suite.wait_ready()
            delivery = client.flush(within=60)
            assert (delivery.rejected, delivery.dropped, delivery.uncertain) == (0, 0, 0), repr(delivery.last_error)
            assert delivery.accepted == 2 * written()
        settle(suite)
        assert stored(suite, "client") == written()
        # The last segment is written table by table.
        eventually_sync(lambda: suite.get("/stats")["total_metrics"] >= written(), "all samples are stored")
        assert suite.get("/stats")["total_metrics"] == written()
        assert suite.get("/dashboard")["services"]["client"]["request_count"] == written()
