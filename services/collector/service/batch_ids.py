"""The name that a sender gave its request, so that it can be repeated."""

import re
from collections.abc import Sequence
from typing import Any

from services.core.errors import InvalidInput

IDEMPOTENCY_KEY = "idempotency-key"
RULE = "must be 1 to 64 printable ASCII characters"

_NAME = re.compile(r"[ -~]{1,64}")


def batch_id_of(field: str, context: Any) -> str:
    """The name in a request's field `batch_id`, or else in its metadata; empty when it has none.

    Raises InvalidInput for a name that is none.
    """
    return checked(field) or idempotency_key(context)


def checked(field: str) -> str:
    """The name in a field, which may be empty. Raises InvalidInput for anything that is no name."""
    if field and not _NAME.fullmatch(field):
        raise InvalidInput.of("batch_id", RULE)
    return field


def idempotency_key(context: Any) -> str:
    """The name in a call's metadata, which REST knows as a header; empty when there is none. Raises as the others."""
    return the_one([value for key, value in context.invocation_metadata() or () if key == IDEMPOTENCY_KEY])


def the_one(given: Sequence[Any]) -> str:
    """The name among the values of the header; empty when there is none. Raises as the others."""
    if not given:
        return ""
    if len(given) > 1 or not _NAME.fullmatch(given[0]):
        raise InvalidInput.of("Idempotency-Key", RULE)
    return str(given[0])
