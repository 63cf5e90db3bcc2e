"""What Envoy counts becomes series of ours."""

import httpx
import pytest

from services.launcher.agent.envoy import EnvoyStatistics, percentile
from services.launcher.agent.readings import Reading
from tests.integration.edge.conftest import Edge
from tests.integration.edge.tokens import bearer
from tests.support.clock import ManualClock
from tests.support.waiting import eventually, eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network]


async def test_requests_latencies_and_refusals_by_kind(guarded_edge: Edge) -> None:
    clock = ManualClock()
    statistics = EnvoyStatistics(str(guarded_edge.folder / "admin.sock"), "here", clock)
    try:
        with guarded_edge.http() as http:
            use(guarded_edge, http)
            before = by_name(await statistics.read())
            use(guarded_edge, http)
            await clock.advance(5)
            after = by_name(await statistics.read())
            more = {name: after[name].value - before[name].value for name in before}

            async def timed() -> bool:
                # Envoy adds up its histograms every five seconds.
                use(guarded_edge, http)
                await clock.advance(5)
                after.update(by_name(await statistics.read()))
                return "envoy_route_latency_p99_ms call" in after

            await eventually(timed, "latencies are told", within=30)
    finally:
        await statistics.close()
    assert more["envoy_route_requests call 2xx"] == 3
    assert more["envoy_route_requests page 2xx"] == 1
    assert more["envoy_refused credential"] == 2
    assert more["envoy_requests 4xx"] == 2
    assert {f"envoy_refused {reason}" for reason in ("origin", "rate", "overload")} <= set(after)
    assert after["envoy_active_sockets"].value == 0
    for metric in ("envoy_route_latency_ms", "envoy_route_latency_p99_ms"):
        assert 0 < after[f"{metric} call"].value < 1000
        assert f"{metric} call" not in before, "nothing to compare with yet"


def use(edge: Edge, http: httpx.Client) -> None:
    """Three calls, a page, two refusals; Envoy has counted them when this returns."""
    known = bearer(edge.jwt_key)
    for _number in range(3):
        assert http.get("/services/shop/metrics", headers=known).status_code == 200
    assert http.get("/app").status_code == 200
    for _number in range(2):
        assert http.get("/services/shop/metrics").status_code == 401

    # Who has an answer may know it before those who count.
    eventually_sync(lambda: edge.statistics()["http.edge.downstream_rq_active"] == 0, "no request is under way")


def by_name(readings: list[Reading]) -> dict[str, Reading]:
    """By metric and labels, the host apart."""
    return {
        " ".join([each.name, *(value for name, value in each.labels.items() if name != "host")]): each
        for each in readings
    }


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5.0), (0.9, 9.0), (0.99, 10.0), (1.0, 10.0)])
def test_a_percentile_lies_within_its_bucket(share: float, expected: float) -> None:
    assert percentile([(10.0, 90.0 if share > 0.95 else 100.0), (float("inf"), 100.0)], share) == pytest.approx(
        expected
    )
