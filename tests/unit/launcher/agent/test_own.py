"""The suite's own figures: a few families of all that it tells."""

import pytest
from google.api.httpbody_pb2 import HttpBody

from binnacle.streamer.v1 import system_service_pb2 as pb, system_service_pb2_grpc as pb_grpc
from services.launcher.agent.own import OwnFigures
from services.runtime.process import Registration
from tests.support.services import neighbour

pytestmark = pytest.mark.network
TEXT = b"""# HELP binnacle_part_up Whether this process of the suite answers.
# TYPE binnacle_part_up gauge
binnacle_part_up{process="collector"} 1.0
# HELP binnacle_collector_refused_total Points refused.
# TYPE binnacle_collector_refused_total counter
binnacle_collector_refused_total{process="collector",kind="metric",reason="rate"} 5.0
# HELP binnacle_collector_refused_created Points refused.
# TYPE binnacle_collector_refused_created gauge
binnacle_collector_refused_created{process="collector",kind="metric",reason="rate"} 1.7e+09
# HELP binnacle_rpc_duration_seconds How long calls took.
# TYPE binnacle_rpc_duration_seconds histogram
binnacle_rpc_duration_seconds_count{process="collector"} 7.0
"""


class System(pb_grpc.SystemServiceServicer):
    async def GetMetricsText(self, request: object, context: object) -> pb.GetMetricsTextResponse:
        return pb.GetMetricsTextResponse(content=HttpBody(data=TEXT))


async def test_figures_that_rules_are_judged_by_are_read() -> None:
    system = System()  # type: ignore[abstract]
    service = Registration(pb_grpc.add_SystemServiceServicer_to_server, system, "binnacle.streamer.v1.SystemService")
    async with neighbour(service) as address:
        own = OwnFigures(address, None, "here")
        read = await own.read()
        await own.close()
    assert [(one.name, one.value, one.kind, dict(one.labels)) for one in read] == [
        ("binnacle_part_up", 1.0, "gauge", {"process": "collector", "instance": "here"}),
        (
            "binnacle_collector_refused_total",
            5.0,
            "counter",
            {"process": "collector", "kind": "metric", "reason": "rate", "instance": "here"},
        ),
    ]


async def test_a_suite_that_does_not_answer_gives_nothing() -> None:
    own = OwnFigures("unix:/nonexistent/edge.sock", None, "here")
    assert await own.read() == []
    await own.close()
