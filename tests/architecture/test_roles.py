"""Every RPC says who may call it, and whether it is recorded."""

from collections.abc import Iterator

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto

from binnacle.options.v1 import options_pb2 as pb
from services.launcher.contracts import PACKAGE
from services.launcher.edge import DESCRIPTORS
from services.runtime.roles import PEER, role_of

# What a name begins with that changes, exports, deletes, or has something sent to others. Taking in points is neither.
RECORDED = (
    "Acknowledge",
    "Add",
    "Apply",
    "Create",
    "Delete",
    "Download",
    "End",
    "Export",
    "Import",
    "Resolve",
    "Restore",
    "Revoke",
    "Set",
    "TestNotifier",
    "Update",
)
INTAKE = "binnacle.collector."


def rpcs() -> Iterator[tuple[str, MethodDescriptorProto]]:
    for file in FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
        if file.package.startswith(PACKAGE):
            for service in file.service:
                yield from ((f"{file.package}.{service.name}", method) for method in service.method)


RPCS = [pytest.param(service, method, id=f"{service}/{method.name}") for service, method in rpcs()]


@pytest.mark.parametrize(("service", "method"), RPCS)
def test_an_rpc_says_its_role(service: str, method: MethodDescriptorProto) -> None:
    assert method.options.Extensions[pb.role] != pb.ROLE_UNSPECIFIED, "option (binnacle.options.v1.role) is missing"


@pytest.mark.parametrize(("service", "method"), RPCS)
def test_what_changes_exports_or_deletes_is_recorded(service: str, method: MethodDescriptorProto) -> None:
    by_name = method.name.startswith(RECORDED) and not service.startswith(INTAKE)
    assert method.options.Extensions[pb.audited] is by_name


def test_a_service_is_for_peers_altogether_or_not_at_all() -> None:
    kinds: dict[str, set[bool]] = {}
    for service, method in rpcs():
        kinds.setdefault(service, set()).add(role_of(method.options) == PEER)
    assert [service for service, found in kinds.items() if len(found) > 1] == []


def test_no_rpc_takes_a_stream_for_one_answer() -> None:
    """Nothing would judge it: there is no such call yet."""
    assert [m.name for _service, m in rpcs() if m.client_streaming and not m.server_streaming] == []
