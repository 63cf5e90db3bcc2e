"""Regular expressions in time that grows with the text only (RE2, as pyarrow has it)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.core.errors import InvalidInput


def matches(expression: str, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which texts an expression matches as a whole. Raises InvalidInput for one that RE2 does not take."""
    try:
        found = pc.match_substring_regex(_column(texts), f"^(?s:{expression})$")
    except pa.ArrowInvalid as error:
        raise InvalidInput.of("query.expressions", f"{expression[:100]!r} is no regular expression of RE2") from error
    bits = np.frombuffer(found.buffers()[1], np.uint8)
    return np.unpackbits(bits, count=len(texts), bitorder="little").astype(bool)


def is_expression(text: str) -> bool:
    """Whether RE2 takes a text as an expression."""
    try:
        matches(text, [""])
    except InvalidInput:
        return False
    return True


def _column(texts: Sequence[str]) -> pa.LargeStringArray:
    """Texts as pyarrow has them; its own way from a list loads another library first, for a second."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))
