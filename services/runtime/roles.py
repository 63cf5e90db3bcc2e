"""What an RPC's contract says of who may call it, and what the roles of a credential open."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import MethodOptions

from binnacle.options.v1 import options_pb2 as pb

Role: TypeAlias = pb.Role.ValueType
OPEN, VIEWER, RESPONDER, EDITOR, ADMIN, INGESTER, PEER = (
    pb.ROLE_OPEN,
    pb.ROLE_VIEWER,
    pb.ROLE_RESPONDER,
    pb.ROLE_EDITOR,
    pb.ROLE_ADMIN,
    pb.ROLE_INGESTER,
    pb.ROLE_PEER,
)


def word_of(role: Role) -> str:
    """A role as credentials name it: `viewer`."""
    return pb.Role.Name(role).removeprefix("ROLE_").lower()


# Who holds a role, by the words of credentials. That one is a peer no credential says.
HOLDERS: Mapping[Role, frozenset[str]] = {
    VIEWER: frozenset(map(word_of, (VIEWER, RESPONDER, EDITOR, ADMIN))),
    RESPONDER: frozenset(map(word_of, (RESPONDER, ADMIN))),
    EDITOR: frozenset(map(word_of, (EDITOR, ADMIN))),
    ADMIN: frozenset(map(word_of, (ADMIN,))),
    INGESTER: frozenset(map(word_of, (INGESTER, ADMIN))),
    PEER: frozenset(),
}
WORDS = frozenset[str]().union(*HOLDERS.values())
"""Every role that a credential may name."""


def role_of(options: MethodOptions) -> Role:
    """The role that an RPC asks for. One that says none is for nobody but peers."""
    return options.Extensions[pb.role] or PEER


def is_internal(options: Iterable[MethodOptions]) -> bool:
    """Whether a service whose RPCs have these options is spoken between our own processes only."""
    return all(role_of(each) == PEER for each in options)


def roles_of(service: str) -> dict[str, Role]:
    """The role of each RPC of a service that is loaded, by `/package.Service/Method`."""
    methods = descriptor_pool.Default().FindServiceByName(service).methods
    return {f"/{service}/{method.name}": role_of(method.GetOptions()) for method in methods}
