"""Enums of contracts <-> words: `FUNCTION_AVERAGE` is `average`."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from services.core.errors import InvalidInput

Word = TypeVar("Word")


class Words(Generic[Word]):
    """The values of an enum, each by its word; `usual` is what it is where it is not told, None where it must be."""

    def __init__(self, kind: Any, words: Iterable[Word], usual: Word | None = None) -> None:
        prefix = kind.Name(0).removesuffix("UNSPECIFIED")
        self._numbers: dict[Word, int] = {word: kind.Value(prefix + str(word).upper()) for word in words}
        self._words = {number: word for word, number in self._numbers.items()}
        if usual is not None:
            self._words[0] = usual

    def word(self, field: str, number: int) -> Word:
        """The word of a number. Raises InvalidInput, naming the field, for one that there is not."""
        if number not in self._words:
            raise InvalidInput.of(field, f"must be one of {', '.join(map(str, self._numbers))}")
        return self._words[number]

    def number(self, word: Word) -> Any:
        """The number of a word."""
        return self._numbers[word]
