"""The token in the first message of a client, whichever way it talks."""

from google.protobuf.message import DecodeError

from binnacle.live.v1 import live_pb2 as pb
from services.core.errors import InvalidInput, Unauthenticated
from services.streamer.convert.dialects.talks import object_from
from services.streamer.convert.json_text import Json


def token_in(message: str | bytes) -> str:
    """The token. Raises Unauthenticated where there is none."""
    try:
        token = _of_frame(message) if isinstance(message, bytes) else _of_object(object_from(message))
    except (InvalidInput, DecodeError):
        token = None
    if not isinstance(token, str) or not token:
        raise Unauthenticated("the first message has to bring a token")
    return token


def _of_frame(message: bytes) -> str:
    return pb.ClientFrame.FromString(message).authenticate.token


def _of_object(read: Json) -> object:
    """`{"authenticate": {"token"}}`, `{"message_type": "Auth", "payload": {"token"}}`, `{"type": "auth", "token"}`."""
    if "authenticate" in read:
        held: object = read["authenticate"]
    elif read.get("message_type") == "Auth":
        held = read.get("payload")
    else:
        held = read if read.get("type") == "auth" else None
    return held.get("token") if isinstance(held, dict) else None
