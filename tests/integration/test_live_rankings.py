"""A ranking that is followed live: whole once, then which rows changed, came in, went, and their order."""

import time
import uuid
from collections.abc import Iterator

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from binnacle.live.v1 import live_pb2 as live
from binnacle.query.v1 import query_pb2 as query
from binnacle_client.live_fold import refreshed
from tests.support.suite import Suite

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(120)]

SECONDS = 30.0


def send(suite: Suite, metric: str, **values: float) -> None:
    """All at once: between two requests the question may be asked."""
    tags = {hall: {"hall": hall, "of": "a warehouse by the sea"} for hall in values}
    suite.post("/metrics", [{"name": metric, "value": value, "tags": tags[hall]} for hall, value in values.items()])


def answers(suite: Suite, asked: query.TimeSeriesQuery) -> Iterator[query.TimeSeriesAnswer]:
    """What is told of a question that is asked each second."""
    url, form = f"ws://127.0.0.1:{suite.port}/ws/v1/live", Subprotocol("binnacle.v1.proto")
    with connect(url, proxy=None, subprotocols=[form]) as socket:
        selection = live.QuerySelection(query=asked)
        selection.interval.FromSeconds(1)
        wanted = live.Subscription(id="top", query=selection)
        socket.send(live.ClientFrame(subscribe=wanted).SerializeToString())
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            frame = socket.recv(timeout=SECONDS)
            assert isinstance(frame, bytes)
            for update in live.ServerFrame.FromString(frame).updates:
                assert not update.HasField("error"), update.error
                if update.HasField("answer"):
                    yield update.answer


def halls(answer: query.TimeSeriesAnswer) -> list[tuple[str, float]]:
    return [(series.labels["hall"], series.values[-1]) for series in answer.results[0].series]


def test_of_a_ranking_is_told_what_changed(suite: Suite) -> None:
    metric = f"warehouse_{uuid.uuid4().hex}"
    ranked = query.Expression(
        selection=query.Selection(metric=metric, function=query.FUNCTION_LAST), ranking=query.Ranking(count=3)
    )
    send(suite, metric, north=3.0, south=2.0, east=1.0)
    whole: query.TimeSeriesAnswer | None = None
    changes = 0
    awaited = [
        [("north", 3.0), ("south", 2.0), ("east", 1.0)],
        [("west", 9.0), ("north", 3.0), ("south", 2.5)],
    ]
    for told in answers(suite, query.TimeSeriesQuery(expressions=[ranked], instant=True)):
        changes += not told.full
        whole = refreshed(whole, told)
        if halls(whole) != awaited[0]:
            continue
        del awaited[0]
        if not awaited:
            break
        send(suite, metric, west=9.0, south=2.5)
    assert not awaited, halls(whole) if whole else "no answer"
    assert changes
    assert told.results[0].listed
    # Of what stayed the labels are not told again, nor values that are as they were.
    assert [(row.former_place, len(row.labels) > 0, [*row.values]) for row in told.results[0].series] == [
        (0, True, [9.0]),
        (1, False, []),
        (2, False, [2.5]),
    ]
