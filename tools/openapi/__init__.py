"""Makes gen/openapi.json from the protos: the REST face of every RPC that has one, as the edge transcodes it.

Also what the edge serves without transcoding. The names, types and words are those of `proto/`; bodies that the
collector decodes itself are described by its decoder's own types.
"""

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from tools.openapi import errors, tags
from tools.openapi.bodies import COMPONENTS
from tools.openapi.contracts import Contracts
from tools.openapi.operations import paths
from tools.openapi.pages import pages
from tools.openapi.schemas import Schemas

OPENAPI = "3.1.0"
DESCRIPTION = (
    "Every path of Binnacle's edge. The same questions are answered by gRPC and gRPC-Web, see the reference. Names are"
    " those of the protos; 64-bit integers are strings, as JSON has no room for them; times are RFC 3339 texts. A"
    " parameter or path there is none of is refused.\n\n"
    "Every answer carries `x-request-id`, by which logs name the request. Errors are `google.rpc.Status` with the"
    " reason in `details`; the edge by itself also says 404 for unknown paths, and 408 or 431 for requests that come"
    " too slowly or with too large headers.\n\n"
    "Examples can be tried as they are where the demonstration input runs."
)
TOKEN = (
    "A token as `binnacle token` prints it, with the role that the operation names; wanted where the suite runs with"
    " `--auth jwt`."
)


def document(files: Sequence[FileDescriptorProto]) -> dict[str, Any]:
    """The whole description; `files` are our protos with their comments."""
    contracts = Contracts(files)
    schemas = Schemas(contracts)
    described = {**pages(contracts, schemas), **paths(contracts, schemas)}
    return {
        "openapi": OPENAPI,
        "info": {"title": "Binnacle", "version": version("binnacle-suite"), "description": DESCRIPTION},
        "tags": tags.tags(contracts.services()),
        "x-tagGroups": tags.groups(contracts.services()),
        "security": [{}, {"token": []}],
        "paths": {path: described[path] for path in sorted(described)},
        "components": {
            "schemas": {errors.SCHEMA: errors.schema(), **dict(sorted({**COMPONENTS, **schemas.made}.items()))},
            "responses": errors.components(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": TOKEN}
            },
        },
    }


def text(files: Sequence[FileDescriptorProto]) -> str:
    """The description as JSON, ended by a line's end."""
    return json.dumps(document(files), indent=1, ensure_ascii=False) + "\n"
