"""gRPC and gRPC-Web through the edge; what is spoken between our own processes is not reachable."""

import struct
from collections.abc import Callable

import grpc
import pytest
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from binnacle.aggregator.v1 import (
    append_service_pb2,
    append_service_pb2_grpc,
    overview_service_pb2,
    overview_service_pb2_grpc,
)
from binnacle.alerting.v1 import alert_service_pb2, alert_service_pb2_grpc
from binnacle.collector.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from binnacle.events.v1 import events_pb2
from binnacle.streamer.v1 import dashboard_service_pb2, dashboard_service_pb2_grpc
from binnacle.telemetry.v1 import telemetry_service_pb2, telemetry_service_pb2_grpc
from tests.integration.edge.conftest import Edge

pytestmark = [pytest.mark.network, pytest.mark.processes]


def test_a_call_reaches_the_process_that_owns_it(open_edge: Edge) -> None:
    with grpc.insecure_channel(open_edge.target) as channel:
        alerts = alert_service_pb2_grpc.AlertServiceStub(channel).ListAlerts(alert_service_pb2.ListAlertsRequest())
        written = ingest_service_pb2_grpc.IngestServiceStub(channel).WriteEvents(
            ingest_service_pb2.WriteEventsRequest(events=[events_pb2.Event(type="search")]),
            metadata=(("x-binnacle-tenant", "victim"), ("x-binnacle-roles", "admin")),
        )
    assert (alerts.next_page_token, written.accepted) == ("here", 1)
    metadata = open_edge.log.calls[-1].metadata
    assert metadata["x-binnacle-tenant"] == "default"
    assert "x-binnacle-roles" not in metadata


def test_streams_pass_in_both_directions(open_edge: Edge) -> None:
    requests = [ingest_service_pb2.WriteSamplesRequest(sequence=number) for number in (1, 2, 3)]
    with grpc.insecure_channel(open_edge.target) as channel:
        answers = list(ingest_service_pb2_grpc.IngestServiceStub(channel).WriteSamples(iter(requests)))
    assert [answer.acknowledged_sequence for answer in answers] == [1, 2, 3]


def append(channel: grpc.Channel) -> None:
    list(append_service_pb2_grpc.AppendServiceStub(channel).Append(iter([append_service_pb2.AppendRequest()])))


def overview(channel: grpc.Channel) -> None:
    overview_service_pb2_grpc.OverviewServiceStub(channel).GetOverview(overview_service_pb2.GetOverviewRequest())


def process_metrics(channel: grpc.Channel) -> None:
    request = telemetry_service_pb2.GetProcessMetricsRequest()
    telemetry_service_pb2_grpc.TelemetryServiceStub(channel).GetProcessMetrics(request)


@pytest.mark.parametrize("call", [append, overview, process_metrics])
def test_internal_services_are_not_there(open_edge: Edge, call: Callable[[grpc.Channel], None]) -> None:
    with grpc.insecure_channel(open_edge.target) as channel, pytest.raises(grpc.RpcError) as refused:
        call(channel)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_internal_services_are_404_over_plain_http(open_edge: Edge) -> None:
    with open_edge.http() as http:
        answer = http.post("/binnacle.aggregator.v1.AppendService/Append", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, 5)


def frames(body: bytes) -> list[tuple[int, bytes]]:
    """gRPC-Web's framing: a flag byte, a length, the message or the trailers."""
    found = []
    while body:
        flag, length = struct.unpack(">BI", body[:5])
        found.append((flag, body[5 : 5 + length]))
        body = body[5 + length :]
    return found


def test_grpc_web_streams_messages_and_then_trailers(open_edge: Edge) -> None:
    request = dashboard_service_pb2.WatchDashboardRequest().SerializeToString()
    with open_edge.http() as http:
        answer = http.post(
            "/binnacle.streamer.v1.DashboardService/WatchDashboard",
            content=struct.pack(">BI", 0, len(request)) + request,
            headers={"content-type": "application/grpc-web+proto", "x-grpc-web": "1", "accept-encoding": "gzip"},
        )
    assert answer.headers["content-type"] == "application/grpc-web+proto"
    assert "content-encoding" not in answer.headers
    *messages, (trailer_flag, trailers) = frames(answer.content)
    parsed = [dashboard_service_pb2.WatchDashboardResponse.FromString(body) for _, body in messages]
    assert [message.frame.update.snapshot.overview.total_requests for message in parsed] == [0, 1, 2]
    assert trailer_flag == 0x80
    assert b"grpc-status:0" in trailers


def test_a_grpc_web_client_sees_a_refusal_as_a_status(open_edge: Edge) -> None:
    with open_edge.http() as http:
        answer = http.post(
            "/binnacle.aggregator.v1.OverviewService/GetOverview",
            content=bytes(5),
            headers={"content-type": "application/grpc-web+proto"},
        )
    # gRPC-Web clients read UNIMPLEMENTED from HTTP 404, UNAUTHENTICATED from 401, UNAVAILABLE from 503.
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/grpc-web+proto")


def test_reflection_reaches_the_streamer(open_edge: Edge) -> None:
    with grpc.insecure_channel(open_edge.target) as channel:
        names = ProtoReflectionDescriptorDatabase(channel).get_services()
    assert "binnacle.streamer.v1.SystemService" in list(names)


def test_dashboard_stub_streams(open_edge: Edge) -> None:
    with grpc.insecure_channel(open_edge.target) as channel:
        stub = dashboard_service_pb2_grpc.DashboardServiceStub(channel)
        assert len(list(stub.WatchDashboard(dashboard_service_pb2.WatchDashboardRequest()))) == 3
