"""Rules on their way to messages and back, and from a file."""

from pathlib import Path

import pytest
from google.protobuf import json_format

from binnacle.aggregator.v1 import business_service_pb2 as pb
from binnacle.query.v1 import query_pb2
from services.aggregator.convert.business_rules import rule, rules_from, rules_of_file
from services.aggregator.domain.business.business_rules import READY_MADE
from services.aggregator.ports.business_rules import BusinessRule, PrecededDemand
from services.core.errors import InvalidInput
from services.runtime.event_conditions import conditions_from

Operator = query_pb2.EventCondition
PRECEDED = BusinessRule("shipped", "", ("ship",), PrecededDemand(("purchase",), "data.order", 60_000_000), "info")


def test_rules_are_the_same_after_a_way_there_and_back(tmp_path: Path) -> None:
    rules = (*READY_MADE, PRECEDED)
    messages = [rule(one) for one in rules]
    assert rules_from(messages) == rules
    file = tmp_path / "rules.json"
    file.write_text(json_format.MessageToJson(pb.ListBusinessRulesResponse(rules=messages)))
    assert rules_of_file(file) == rules


@pytest.mark.parametrize("text", ["{", '{"rules": [{"id": "a"}]}', '{"rule": []}'])
def test_a_bad_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.json"
    file.write_text(text)
    with pytest.raises(InvalidInput, match="rules"):
        rules_of_file(file)
    with pytest.raises(InvalidInput, match="business_rules"):
        rules_of_file(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (Operator(field="data", values=["1"]), "c[0].field"),
        (Operator(field="data.a'b", values=["1"]), "c[0].field"),
        (Operator(field="data.a.b.c.d.e.f", values=["1"]), "c[0].field"),
        (Operator(field="type"), "c[0].values"),
        (Operator(field="type", operator=Operator.OPERATOR_PRESENT, values=["1"]), "c[0].values"),
        (Operator(field="data.a", operator=Operator.OPERATOR_LESS, values=["much"]), "c[0].values"),
        (Operator(field="data.a", operator=Operator.OPERATOR_LESS, values=["nan"]), "c[0].values"),
        (Operator(field="data.a", values=["x" * 1_001]), "c[0].values"),
        (Operator(field="data.a", operator=99, values=["x"]), "c[0].operator"),  # type: ignore[arg-type]
    ],
)
def test_bad_conditions_are_refused_by_field(given: query_pb2.EventCondition, field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        conditions_from("c", [given])
    assert error.value.violations[0].field == field
