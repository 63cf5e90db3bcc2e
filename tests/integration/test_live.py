"""Live connections through the edge, in every form, on a running suite."""

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from binnacle.live.v1 import live_pb2 as live
from binnacle.streamer.v1 import live_service_pb2 as pb, live_service_pb2_grpc
from tests.support.suite import Suite

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]

SECONDS = 20.0
FOLLOW = "/binnacle.streamer.v1.LiveService/Follow"
DATA_FRAME = 0


@pytest.fixture
def kind() -> str:
    """A type of events that no other test sends."""
    return f"live.{uuid.uuid4().hex}"


def tell(suite: Suite, kind: str, *numbers: int) -> None:
    events = [{"type": kind, "service": "live", "data": {"number": number}} for number in numbers]
    assert suite.post("/events", events)["accepted"] == len(numbers)


class Reader:
    """Reads frames as they come: JSON documents, or messages of the contract as such."""

    def __init__(self, frames: Iterator[dict[str, Any]]) -> None:
        self._updates = (update for frame in frames for update in frame.get("updates", []))
        self.position = ""

    def subscribed(self) -> bool:
        """Once the subscription begins, whether it goes on where it was."""
        while (begun := self._next().get("subscribed")) is None:
            continue
        return bool(begun.get("resumed"))

    def numbers(self, last: int) -> list[int]:
        """The numbers of events up to one."""
        seen: list[int] = []
        while last not in seen:
            held = (self._next().get("events") or {}).get("events", [])
            seen += [int(event["event"]["data"]["number"]) for event in held]
        return seen

    def _next(self) -> dict[str, Any]:
        update: dict[str, Any] = next(self._updates)
        self.position = update.get("position") or self.position
        return update


def frames_of(socket: ClientConnection) -> Iterator[dict[str, Any]]:
    while True:
        yield json.loads(socket.recv(timeout=SECONDS))


@contextmanager
def socket_reader(suite: Suite, kind: str, position: str = "") -> Iterator[Reader]:
    url, form = f"ws://127.0.0.1:{suite.port}/ws/v1/live", Subprotocol("binnacle.v1.json")
    with connect(url, proxy=None, subprotocols=[form]) as socket:
        subscribe = {"id": "mine", "events": {"types": [kind]}, "position": position}
        socket.send(json.dumps({"subscribe": subscribe}))
        yield Reader(frames_of(socket))


def documents(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for text in lines:
        if text:
            yield json.loads(text.removeprefix("data: "))["frame"]


@contextmanager
def line_reader(suite: Suite, kind: str, position: str = "", accept: str = "*/*") -> Iterator[Reader]:
    parameters = {"types": kind, "position": position}
    with suite.http.stream("GET", "/api/v1/live", params=parameters, headers={"accept": accept}) as answer:
        assert answer.status_code == 200, answer.read()
        wanted = "text/event-stream" if accept != "*/*" else "application/json"
        assert answer.headers["content-type"] == wanted
        yield Reader(documents(answer.iter_lines()))


def web_messages(chunks: Iterator[bytes], *, text: bool) -> Iterator[bytes]:
    """Messages of gRPC-Web, each after a flag and its length; as text every message is base64 by itself."""
    held = b""
    for chunk in chunks:
        held += base64.b64decode(chunk) if text else chunk
        while len(held) >= 5 and len(held) >= 5 + int.from_bytes(held[1:5], "big"):
            length = int.from_bytes(held[1:5], "big")
            if held[0] == DATA_FRAME:
                yield held[5 : 5 + length]
            held = held[5 + length :]


def contract_frames(messages: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    for message in messages:
        yield MessageToDict(pb.FollowResponse.FromString(message).frame, preserving_proto_field_name=True)


@contextmanager
def web_reader(suite: Suite, kind: str, *, text: bool) -> Iterator[Reader]:
    request = pb.FollowRequest(types=[kind]).SerializeToString()
    body = b"\0" + len(request).to_bytes(4, "big") + request
    form = "application/grpc-web-text" if text else "application/grpc-web+proto"
    with suite.http.stream(
        "POST",
        FOLLOW,
        content=base64.b64encode(body) if text else body,
        headers={"content-type": form, "accept": form, "x-grpc-web": "1"},
    ) as answer:
        assert answer.status_code == 200
        yield Reader(contract_frames(web_messages(answer.iter_raw(), text=text)))


def test_a_socket_tells_what_happens_and_what_was_missed(suite: Suite, kind: str) -> None:
    with socket_reader(suite, kind) as reader:
        assert reader.subscribed() is False
        tell(suite, kind, 1)
        assert reader.numbers(1) == [1]
    tell(suite, kind, 2, 3)
    with socket_reader(suite, kind, reader.position) as reader:
        assert reader.subscribed() is True
        tell(suite, kind, 4)
        assert reader.numbers(4) == [2, 3, 4]


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream"])
def test_lines_and_server_sent_events(suite: Suite, kind: str, accept: str) -> None:
    with line_reader(suite, kind, accept=accept) as reader:
        assert reader.subscribed() is False
        tell(suite, kind, 1)
        assert reader.numbers(1) == [1]
    tell(suite, kind, 2)
    with line_reader(suite, kind, reader.position, accept) as reader:
        assert reader.subscribed() is True
        assert reader.numbers(2) == [2]


def test_several_subscriptions_are_asked_for_in_a_body(suite: Suite, kind: str) -> None:
    asked = {"subscriptions": [{"id": "a", "events": {"types": [kind]}}, {"id": "b", "room": "stats"}]}
    with suite.http.stream("POST", "/api/v1/live", json=asked) as answer:
        assert answer.status_code == 200
        seen: set[str] = set()
        for frame in documents(answer.iter_lines()):
            seen |= {update["subscription"] for update in frame["updates"]}
            if seen == {"a", "b"}:
                return


@pytest.mark.parametrize("text", [False, True])
def test_grpc_web(suite: Suite, kind: str, text: bool) -> None:
    with web_reader(suite, kind, text=text) as reader:
        assert reader.subscribed() is False
        tell(suite, kind, 1)
        assert reader.numbers(1) == [1]


def test_grpc_both_ways(suite: Suite, kind: str) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{suite.port}") as channel:
        asked = live.Subscription(id="mine", events=live.EventSelection(types=[kind]))
        said = [live.ClientFrame(subscribe=asked), live.ClientFrame(ping=live.Ping(number=9))]
        stream = live_service_pb2_grpc.LiveServiceStub(channel).Connect(
            iter([pb.ConnectRequest(frame=frame) for frame in said]), timeout=SECONDS
        )
        pong = next(answer.frame.pong.number for answer in stream if answer.frame.HasField("pong"))
        assert pong == 9
        stream.cancel()


def test_whose_message_is_too_long_is_told_so_while_it_is_still_sent(suite: Suite) -> None:
    with connect(f"ws://127.0.0.1:{suite.port}/ws/v1/live", proxy=None) as socket:
        with suppress(ConnectionClosed):
            socket.send("x" * 1_000_000)
            socket.recv(timeout=SECONDS)
        assert socket.close_code == 1009


def test_what_is_wrong_in_a_url_is_told(suite: Suite) -> None:
    answer = suite.http.get("/api/v1/live", params={"room": "cellar"})
    assert answer.status_code == 400
    assert "dashboard" in answer.json()["message"]
