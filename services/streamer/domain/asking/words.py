"""A text as words, of which each is taken once by whoever knows what it means."""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

_WORD = re.compile(r"\"[^\"]*\"|[A-Za-z0-9_](?:[\w./:-]*\w)?(?:'s\b)?|=~|!~|!=|=|/[\w./{}-]*|%")
_PARTS = re.compile(r"[^a-z0-9%]+|(?<=[a-z])(?=[0-9]{2,})")
_QUOTES = '"'


@dataclass(frozen=True, slots=True)
class Part:
    """Words that were understood, and as what."""

    words: str
    meaning: str


@dataclass(slots=True)
class Text:
    """The words of a text, as they were written and in a plain form, and who took them."""

    words: Sequence[str]
    plain: Sequence[str]
    taken: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Where a part begins: its end, and its meaning."""

    @classmethod
    def of(cls, text: str) -> "Text":
        """The words of a text; signs that mean nothing are left out."""
        words = [found.removesuffix("'s") for found in _WORD.findall(text)]
        return cls(words, [word.strip(_QUOTES).casefold() for word in words])

    def again(self) -> "Text":
        """The same, to be read in another way."""
        return Text(self.words, self.plain, dict(self.taken))

    def __len__(self) -> int:
        return len(self.words)

    def is_free(self, start: int, end: int) -> bool:
        """Whether there are these words, and nobody took any of them."""
        if not 0 <= start < end <= len(self):
            return False
        return all(end <= begin or until <= start for begin, (until, _meaning) in self.taken.items())

    def take(self, start: int, end: int, meaning: str) -> None:
        """They mean this; nothing in particular where that is empty."""
        self.taken[start] = (end, meaning)

    def windows(self, longest: int) -> Iterator[tuple[int, int]]:
        """Stretches of free words, the longest first, then from the left."""
        for length in range(min(longest, len(self)), 0, -1):
            for start in range(len(self) - length + 1):
                if self.is_free(start, start + length):
                    yield start, start + length

    def said(self, start: int, end: int) -> str:
        """Words as they were written."""
        return " ".join(self.words[start:end])

    def heard(self, start: int, end: int) -> str:
        """Words in their plain form."""
        return " ".join(self.plain[start:end])

    def before(self, start: int, words: Container[str]) -> int:
        """Where a stretch begins with the words of a kind that stand before it."""
        while self.is_free(start - 1, start) and self.plain[start - 1] in words:
            start -= 1
        return start

    def parts(self) -> list[Part]:
        """What was understood, in order; words that mean nothing in particular are left out."""
        return [Part(self.said(start, end), meaning) for start, (end, meaning) in sorted(self.taken.items()) if meaning]

    def left(self) -> list[str]:
        """Words that nobody took, as they were written; neighbours together."""
        found: list[str] = []
        last = -2
        for place, word in enumerate(self.words):
            if self.is_free(place, place + 1):
                if place == last + 1:
                    found[-1] += f" {word}"
                else:
                    found.append(word)
                last = place
        return found


def singular(word: str) -> str:
    """`queries` and `services` are `query` and `service`."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def key_of(name: str) -> str:
    """What names are compared by: their words, each in the singular."""
    return " ".join(singular(part) for part in _PARTS.split(name.casefold()) if part)


def joined_of(name: str) -> str:
    """The same without what joins words: `product-catalog` is `productcatalog`."""
    return "".join(part for part in _PARTS.split(name.casefold()) if part)
