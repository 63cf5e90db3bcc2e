"""Requests that carry Idempotency-Key: the name arrives, and the edge may repeat them."""

import pytest

from tests.integration.edge.conftest import Edge

pytestmark = [pytest.mark.network, pytest.mark.processes]


def test_the_name_arrives_as_metadata(open_edge: Edge) -> None:
    with open_edge.http() as http:
        http.post("/events", content=b"{}", headers={"idempotency-key": "order 7"})
    assert open_edge.log.calls[-1].metadata["idempotency-key"] == "order 7"


def test_what_reached_a_server_that_stops_is_sent_on_even_without_a_name(open_edge: Edge) -> None:
    """A gRPC server cancels what it did not begin; no handler of ours does."""
    open_edge.log.calls.clear()
    with open_edge.http() as http:
        assert http.post("/events", content=b"stopping").status_code == 200
    assert len(open_edge.log.calls) == 3


def test_a_named_write_is_tried_again_and_another_is_not(open_edge: Edge) -> None:
    open_edge.log.calls.clear()
    with open_edge.http() as http:
        refused = http.post("/events", content=b"restarting")
        assert (refused.status_code, len(open_edge.log.calls)) == (503, 1)
        open_edge.log.calls.clear()
        assert http.post("/events", content=b"restarting", headers={"idempotency-key": "k"}).status_code == 200
    assert [seen.metadata["idempotency-key"] for seen in open_edge.log.calls] == ["k"] * 3
