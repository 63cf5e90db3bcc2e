"""What live clients ask for, read from the contract."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from binnacle.live.v1 import live_pb2 as pb
from services.core.errors import InvalidInput
from services.streamer.convert.live_requests import wanted_from
from services.streamer.ports import NamedFigures


@pytest.mark.parametrize("source", ["events", "logs"])
def test_an_operator_that_the_contract_does_not_know_is_named(source: str) -> None:
    asked = pb.Subscription(id="a")
    condition = getattr(asked, source).attributes.add(path=["plan"], text="free")
    condition.operator = -1
    with pytest.raises(InvalidInput, match=rf"{source}.attributes\[0\].operator"):
        wanted_from(asked, "acme")


def test_figures_by_name_are_asked_for_as_told_or_as_usual() -> None:
    asked = pb.Subscription(id="a", figures=pb.FigureSelection(names=["requests", "errors"]))
    assert wanted_from(asked, "acme").feeds == (NamedFigures(("requests", "errors"), 3_600.0, 0, 5.0),)
    asked.figures.range.FromSeconds(60)
    asked.figures.step.FromSeconds(10)
    asked.figures.interval.FromSeconds(1)
    assert wanted_from(asked, "acme").feeds == (NamedFigures(("requests", "errors"), 60.0, 10, 1.0),)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({}, "names"),
        ({"names": ["a", "a"]}, "names"),
        ({"names": [""]}, "names"),
        ({"names": ["a"], "range": Duration()}, "range"),
        ({"names": ["a"], "range": Duration(seconds=32 * 86_400)}, "range"),
        ({"names": ["a"], "step": Duration(nanos=1)}, "step"),
        ({"names": ["a"], "interval": Duration(nanos=1)}, "interval"),
    ],
    ids=lambda told: told if isinstance(told, str) else "",
)
def test_figures_that_cannot_be_asked_for_are_refused_by_field(told: dict[str, Any], field: str) -> None:
    asked = pb.Subscription(id="a", figures=pb.FigureSelection(**told))
    with pytest.raises(InvalidInput, match=rf"figures.{field}"):
        wanted_from(asked, "acme")
