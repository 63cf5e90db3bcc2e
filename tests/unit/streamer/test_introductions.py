"""The token in a first message."""

import json
from typing import Any

import pytest

from binnacle.live.v1 import live_pb2 as pb
from services.core.errors import Unauthenticated
from services.streamer.convert.introductions import token_in


@pytest.mark.parametrize(
    "message",
    [
        {"authenticate": {"token": "t"}},
        {"message_type": "Auth", "payload": {"token": "t"}},
        {"type": "auth", "token": "t"},
    ],
)
def test_it_is_found_however_a_client_talks(message: dict[str, Any]) -> None:
    assert token_in(json.dumps(message)) == "t"


def test_it_is_found_in_a_frame() -> None:
    frame = pb.ClientFrame(authenticate=pb.Authentication(token="t"))
    assert token_in(frame.SerializeToString()) == "t"


@pytest.mark.parametrize(
    "message",
    [
        "t",
        "[]",
        "{}",
        b"\xff\xff",
        b"",
        '{"token":"t"}',
        '{"authenticate":"t"}',
        '{"authenticate":{"token":7}}',
        '{"message_type":"Auth"}',
        '{"message_type":"Auth","payload":{"token":""}}',
        '{"message_type":"Heartbeat","payload":{"token":"t"}}',
        '{"type":"subscribe","token":"t"}',
    ],
)
def test_without_one_nobody_is_let_in(message: str | bytes) -> None:
    with pytest.raises(Unauthenticated):
        token_in(message)
