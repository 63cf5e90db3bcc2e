"""Tokens of pages, of any list: only their tenant can use them, and only with the filters they were given for.

A list's request has the fields `page_size` and `page_token`; a token is bound to all of its other fields.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from services.core.errors import InvalidInput

_MARK_BYTES = 12
_OF_THE_PAGE = ("page_size", "page_token")


def token_of(tenant: str, asked: Message, state: Sequence[Any]) -> str:
    """What a page begins with, such as the range and the position of the row before it; values that JSON has."""
    body = json.dumps(state, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mark(tenant, asked, body) + body).decode().rstrip("=")


def state_of(tenant: str, asked: Message) -> list[Any] | None:
    """The state of the token a request has; None without one. Raises InvalidInput for any but this list's own."""
    token: str = getattr(asked, "page_token")  # noqa: B009 - no type says that every list's request has it
    if not token:
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        mark, body = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
        if hmac.compare_digest(mark, _mark(tenant, asked, body)):
            return list(json.loads(body))
    except (binascii.Error, ValueError, TypeError):
        pass
    raise InvalidInput.of("page_token", "must be one that this list gave, with the same filters")


def _mark(tenant: str, asked: Message, body: bytes) -> bytes:
    """Ties a state to a tenant and a question; no secret: the tenant of a query always comes from the credential."""
    question = type(asked)()
    question.CopyFrom(asked)
    for name in _OF_THE_PAGE:
        question.ClearField(name)
    named = [tenant, asked.DESCRIPTOR.full_name, question.SerializeToString(deterministic=True).hex()]
    return hashlib.blake2b(json.dumps(named).encode() + body, digest_size=_MARK_BYTES).digest()
