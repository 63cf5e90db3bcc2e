"""Paths of RPCs as operations."""

from typing import Any

from tests.unit.tools.openapi.small import described

PATHS: dict[str, Any] = described()[0]


def names(operation: Any, place: str) -> list[str]:
    return [each["name"] for each in operation["parameters"] if each["in"] == place]


def test_every_binding_is_an_operation_with_a_name_of_its_own() -> None:
    found = {(path, verb): told["operationId"] for path, verbs in PATHS.items() for verb, told in verbs.items()}
    assert found == {
        ("/things/{id}", "get"): "ThingService_GetThing",
        ("/things/{id}", "post"): "ThingService_GetThing_2",
        ("/things:search", "post"): "ThingService_GetThing_3",
        ("/limits/{limit}", "get"): "ThingService_GetThing_4",
        ("/live", "get"): "ThingService_WatchThing",
    }


def test_words_are_those_of_the_comment() -> None:
    told = PATHS["/things/{id}"]["get"]
    assert told["summary"] == "Gives a thing"
    assert told["description"] == "Gives a `thing`. Never two. Errors: NOT_FOUND."
    assert told["parameters"][0]["description"] == "Which one."


def test_what_is_in_the_path_is_wanted() -> None:
    [parameter] = [each for each in PATHS["/things/{id}"]["get"]["parameters"] if each["in"] == "path"]
    assert (parameter["name"], parameter["required"], parameter["schema"]["minLength"]) == ("id", True, 1)


def test_what_lies_in_a_message_is_wanted_by_its_own_name() -> None:
    assert names(PATHS["/limits/{limit}"]["get"], "path") == ["limit"]


def test_a_message_is_as_many_parameters_as_it_has_fields() -> None:
    assert names(PATHS["/live"]["get"], "query") == ["id", "filter.start_time", "filter.limit", "names"]


def test_what_another_path_takes_as_its_body_is_no_parameter() -> None:
    assert names(PATHS["/things/{id}"]["get"], "query") == ["names"]


def test_a_body_is_a_field_or_the_whole_request() -> None:
    bodies = [
        PATHS[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        for path in ("/things/{id}", "/things:search")
    ]
    assert bodies[0]["$ref"] == "#/components/schemas/things.Filter_input"
    assert bodies[1]["$ref"] == "#/components/schemas/things.GetThingRequest_input"
    assert names(PATHS["/things:search"]["post"], "query") == []


def test_failures_are_those_that_comments_name_and_those_of_the_edge() -> None:
    assert set(PATHS["/live"]["get"]["responses"]) == {"200", "400", "401", "403", "503", "504"}
    assert set(PATHS["/things/{id}"]["post"]["responses"]) == {"200", "400", "401", "403", "404", "413", "503", "504"}


def test_a_stream_is_lines() -> None:
    assert list(PATHS["/live"]["get"]["responses"]["200"]["content"]) == ["application/x-ndjson"]
