"""The description of the REST face leaves nothing out, promises nothing there is not, and can be tried."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from services.launcher.contracts import public_services
from services.launcher.edge import OPEN_PATHS, PAGE_PATHS
from services.runtime.roles import WORDS
from tests.support.rest import JSON, links, operations
from tools.openapi.contracts import plain
from tools.openapi.examples import BODIES, LINKS, PARAMETERS

GEN = Path(__file__).parents[2] / "gen"
DOCUMENT = json.loads((GEN / "openapi.json").read_text())
OPERATIONS = {operation.label: operation for operation in operations(DOCUMENT)}
# Pages for people and files of theirs, and the description itself.
PAGES = {"/app", "/docs", "/redoc", "/openapi.json", "/monitoring/dashboard", "/sign-in", "/sign-out"}
# Served by the streamer itself: no RPC has them as its path.
OWN = {"GET /"}
# Has to be compressed, which no text can show.
UNTYPED = {"POST /api/v1/write"}


def routes() -> Iterator[str]:
    """Verb and path of every binding of every service that the edge transcodes."""
    descriptors = (GEN / "binnacle.binpb").read_bytes()
    public = {service.name for service in public_services(descriptors)}
    for file in FileDescriptorSet.FromString(descriptors).file:
        for service in file.service:
            if f"{file.package}.{service.name}" not in public:
                continue
            for method in service.method:
                rule = method.options.Extensions[annotations_pb2.http]
                for binding in (rule, *rule.additional_bindings):
                    if verb := binding.WhichOneof("pattern"):
                        yield f"{verb.upper()} {plain(getattr(binding, verb))}"


def test_every_route_is_described_and_nothing_else() -> None:
    told = sorted(routes())
    assert len(told) == len(set(told))
    assert set(OPERATIONS) - OWN == set(told)


def test_every_address_of_the_edge_is_a_page_or_described() -> None:
    described = {operation.path for operation in OPERATIONS.values()}
    files = {path for path in PAGE_PATHS if "." in path}
    assert {*PAGE_PATHS, *OPEN_PATHS} - files - PAGES <= described


def test_operations_have_names_of_their_own() -> None:
    identities = [operation.identity for operation in OPERATIONS.values()]
    assert len(identities) == len(set(identities))


def test_every_service_has_its_place() -> None:
    grouped = [name for group in DOCUMENT["x-tagGroups"] for name in group["tags"]]
    assert grouped == [tag["name"] for tag in DOCUMENT["tags"]]
    assert {name for operation in OPERATIONS.values() for name in operation.told["tags"]} == set(grouped)
    assert "More" not in {group["name"] for group in DOCUMENT["x-tagGroups"]}, "tools/openapi/tags.py names no place"


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_an_operation_can_be_tried(label: str) -> None:
    operation = OPERATIONS[label]
    linked = {parameter for _source, target, parameter, _pointer in links(DOCUMENT) if target == operation.identity}
    shown = {each["name"] for each in operation.told.get("parameters", ()) if "example" in each}
    assert set(operation.wanted) <= shown | linked, "tools/openapi/examples.py names none of these"
    if "requestBody" in operation.told and label not in UNTYPED:
        assert "example" in operation.told["requestBody"]["content"][JSON]


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_an_operation_says_how_it_ends(label: str) -> None:
    answers = OPERATIONS[label].told["responses"]
    assert "*/*" not in answers["200"].get("content", ()), "tools/openapi/bodies.py does not know its form"
    assert {"403", "503"} <= set(answers)
    wanted = OPERATIONS[label].told["security"]
    assert ("401" in answers) is (wanted != [])
    assert wanted == [] or wanted[-1]["token"][0] in WORDS
    assert OPERATIONS[label].told["summary"]


def test_examples_are_of_operations_that_exist() -> None:
    named = {*PARAMETERS, *BODIES, *(link.source for link in LINKS), *(link.target for link in LINKS)}
    assert named <= set(OPERATIONS)


def test_examples_are_of_parameters_that_exist() -> None:
    missing = [(label, name) for label in PARAMETERS for name in PARAMETERS[label] if name not in _names(label)]
    assert missing == []


def _names(label: str) -> set[str]:
    return {each["name"] for each in OPERATIONS[label].told["parameters"]}
