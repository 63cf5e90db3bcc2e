"""A contract of a few lines, as the description's maker reads it."""

from google.api import annotations_pb2, httpbody_pb2
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from tools.openapi.contracts import Contracts
from tools.openapi.operations import paths
from tools.openapi.schemas import Schemas

assert annotations_pb2, httpbody_pb2
TEXT = """
name: "binnacle/things/v1/thing_service.proto"
package: "binnacle.things.v1"
syntax: "proto3"
message_type {
  name: "GetThingRequest"
  field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "filter" number: 2 type: TYPE_MESSAGE type_name: ".binnacle.things.v1.Filter" label: LABEL_OPTIONAL }
  field { name: "filters" number: 3 type: TYPE_MESSAGE type_name: ".binnacle.things.v1.Filter" label: LABEL_REPEATED }
  field { name: "names" number: 4 type: TYPE_STRING label: LABEL_REPEATED }
}
message_type {
  name: "Filter"
  field { name: "start_time" number: 1
    type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp" label: LABEL_OPTIONAL
  }
  field { name: "limit" number: 2 type: TYPE_UINT32 label: LABEL_OPTIONAL }
}
message_type {
  name: "Thing"
  field { name: "size" number: 1 type: TYPE_INT64 label: LABEL_OPTIONAL }
  field { name: "share" number: 2 type: TYPE_DOUBLE label: LABEL_OPTIONAL }
  field { name: "note" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL oneof_index: 0 proto3_optional: true }
  field { name: "parent" number: 4 type: TYPE_MESSAGE type_name: ".binnacle.things.v1.Thing" label: LABEL_OPTIONAL }
  field { name: "parts" number: 5 type: TYPE_MESSAGE type_name: ".binnacle.things.v1.Thing" label: LABEL_REPEATED }
  field { name: "by_name" number: 6
    type: TYPE_MESSAGE type_name: ".binnacle.things.v1.Thing.ByNameEntry" label: LABEL_REPEATED
  }
  field { name: "kind" number: 7 type: TYPE_ENUM type_name: ".binnacle.things.v1.Thing.Kind" label: LABEL_OPTIONAL }
  oneof_decl { name: "_note" }
  enum_type { name: "Kind" value { name: "KIND_UNSPECIFIED" number: 0 } value { name: "KIND_GOOD" number: 1 } }
  nested_type {
    name: "ByNameEntry"
    field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_UINT32 label: LABEL_OPTIONAL }
    options { map_entry: true }
  }
}
service {
  name: "ThingService"
  method {
    name: "GetThing"
    input_type: ".binnacle.things.v1.GetThingRequest"
    output_type: ".binnacle.things.v1.Thing"
    options {
      [google.api.http] {
        get: "/things/{id=*}"
        additional_bindings { post: "/things/{id}" body: "filter" }
        additional_bindings { post: "/things:search" body: "*" }
        additional_bindings { get: "/limits/{filter.limit}" }
      }
    }
  }
  method {
    name: "WatchThing"
    input_type: ".binnacle.things.v1.GetThingRequest"
    output_type: ".binnacle.things.v1.Thing"
    server_streaming: true
    options { [google.api.http] { get: "/live" } }
  }
  method {
    name: "Unbound"
    input_type: ".binnacle.things.v1.GetThingRequest"
    output_type: ".binnacle.things.v1.Thing"
  }
}
source_code_info {
  location { path: 6 path: 0 leading_comments: " Things. Errors of all: UNAVAILABLE while they sleep.\\n" }
  location {
    path: 6 path: 0 path: 2 path: 0
    leading_comments: " Gives a `thing`. Never\\n two. Errors: NOT_FOUND.\\n"
  }
  location { path: 4 path: 0 path: 2 path: 0 leading_comments: " Which one.\\n" }
}
"""


def contracts() -> Contracts:
    """What the file says."""
    return Contracts([text_format.Parse(TEXT, FileDescriptorProto())])


def described() -> tuple[dict[str, dict[str, object]], Schemas]:
    """Its operations by path and verb, and the schemas that they name."""
    found = contracts()
    schemas = Schemas(found)
    return paths(found, schemas), schemas
