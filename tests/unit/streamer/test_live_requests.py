"""What live clients ask for, read from the contract."""

import pytest

from binnacle.live.v1 import live_pb2 as pb
from services.core.errors import InvalidInput
from services.streamer.convert.live_requests import wanted_from


@pytest.mark.parametrize("source", ["events", "logs"])
def test_an_operator_that_the_contract_does_not_know_is_named(source: str) -> None:
    asked = pb.Subscription(id="a")
    condition = getattr(asked, source).attributes.add(path=["plan"], text="free")
    condition.operator = -1
    with pytest.raises(InvalidInput, match=rf"{source}.attributes\[0\].operator"):
        wanted_from(asked, "acme")
