"""Whose rules are judged: of those that were created, of those that send data."""

from binnacle.aggregator.v1 import access_service_pb2 as pb
from binnacle.tenants.v1 import tenants_pb2
from services.alerting.adapters.standing_directory import StandingDirectory
from services.core.tenants import DEFAULT_TENANT
from services.runtime.standing import Standing


def test_tenants_that_were_created_or_send_data_are_known_with_their_zones() -> None:
    standing = Standing()
    directory, heard = StandingDirectory(standing), list[str]()
    directory.listen(lambda: heard.append("change"))
    assert directory.zones() == {DEFAULT_TENANT: ""}
    created = tenants_pb2.Tenant(id="acme", time_zone="Asia/Tokyo")
    standing.learn(pb.GetAccessResponse(version="1", tenants=[created], seen_tenants=["acme", "other"]))
    assert directory.zones() == {DEFAULT_TENANT: "", "acme": "Asia/Tokyo", "other": ""}
    assert heard == ["change"]
