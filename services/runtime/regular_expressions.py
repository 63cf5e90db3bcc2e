"""Regular expressions in time that grows with the text only (RE2, as pyarrow has it)."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.core.errors import InvalidInput


def matches(expression: str, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which texts an expression matches as a whole. Raises InvalidInput for one that RE2 does not take."""
    return _matches(expression, _column(texts))


class Texts:
    """Texts that are asked again and again: of those that are equal one is looked at."""

    def __init__(self, texts: Sequence[str]) -> None:
        encoded = _column(texts).dictionary_encode()
        self._distinct = encoded.dictionary
        self._places = np.frombuffer(encoded.indices.buffers()[1], np.int32, len(texts))

    def matching(self, expression: str) -> npt.NDArray[np.bool_]:
        """Which of them an expression matches as a whole. Raises InvalidInput for one that RE2 does not take."""
        return _matches(expression, self._distinct)[self._places]

    def equal(self, text: str) -> npt.NDArray[np.bool_]:
        """Which of them are this text."""
        return _bools(pc.equal(self._distinct, _column([text])[0]))[self._places]


def is_expression(text: str) -> bool:
    """Whether RE2 takes a text as an expression."""
    try:
        matches(text, [""])
    except InvalidInput:
        return False
    return True


def _matches(expression: str, column: pa.LargeStringArray) -> npt.NDArray[np.bool_]:
    try:
        return _bools(pc.match_substring_regex(column, f"^(?s:{expression})$"))
    except pa.ArrowInvalid as error:
        raise InvalidInput.of("query.expressions", f"{expression[:100]!r} is no regular expression of RE2") from error


def _bools(column: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    bits = np.frombuffer(column.buffers()[1], np.uint8)
    return np.unpackbits(bits, count=len(column), bitorder="little").astype(bool)


def _column(texts: Sequence[str]) -> pa.LargeStringArray:
    """Texts as pyarrow has them; its own way from a list loads another library first, for a second."""
    joined = "".join(texts)
    # As many bytes as letters, which texts know of themselves.
    lengths = map(len, texts if joined.isascii() else [text.encode() for text in texts])
    ends = np.cumsum(np.fromiter(chain((0,), lengths), np.int64, len(texts) + 1))
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(joined.encode()))
