"""Hides what is secret in a setting: by the name it has, and by what it looks like."""

import re
from pathlib import Path
from typing import Any

HIDDEN = "***"
_WORDS = r"pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|(?:api|access|private|signing|auth|shared)[_-]?key"
_SECRET_NAME = re.compile(rf"(?:^|[_-])(?:{_WORDS})s?(?:$|[_-])|[_-]key$", re.IGNORECASE)
_IN_A_NAME = re.compile(_WORDS, re.IGNORECASE)
# Anybody may have written the text: no part of it is looked at from more than one place.
_NAMED_VALUE = re.compile(r"(?<![^?&;,\s])([\w.-]++=)[^&;,\s]++")
_BEARER = re.compile(r"\b(Bearer|Basic)\s++\S++", re.IGNORECASE)
_DOTTED = re.compile(r"[\w.-]++")
_TOKEN_BEGINS = "eyJ"
_KEY_FILE = re.compile(r"-----BEGIN ")
# A word of letters and digits that nobody would write by hand.
_KEY = re.compile(r"(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+_=-]{24,}")


def shown(name: str, value: Any) -> tuple[str, bool]:
    """A setting's value as text, with what is secret in it as `***`, and whether anything was.

    The path of a file that holds a secret is none.
    """
    text = _text(value)
    if not text or isinstance(value, Path | bool | int | float):
        return text, False
    # The text of pydantic's own kinds of secrets is hidden already, and never asked for here.
    if type(value).__name__.startswith("Secret") or _SECRET_NAME.search(name) or _KEY_FILE.search(text):
        return HIDDEN, True
    safe = _without_password(text)
    safe = _BEARER.sub(rf"\1 {HIDDEN}", _NAMED_VALUE.sub(_named, safe))
    if _TOKEN_BEGINS in safe:
        safe = _DOTTED.sub(_dotted, safe)
    if _KEY.fullmatch(safe):
        return HIDDEN, True
    return safe, safe != text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(_text, value))
    return str(value)


def _named(found: re.Match[str]) -> str:
    """`name=value`, without the value of a secret."""
    return f"{found[1]}{HIDDEN}" if _IN_A_NAME.search(found[1]) else found[0]


def _dotted(found: re.Match[str]) -> str:
    """A word, without the token in it: three parts, of which the first is JSON in base64."""
    word: str = found[0]
    begin = word.find(_TOKEN_BEGINS)
    return f"{word[:begin]}{HIDDEN}" if begin >= 0 and word.count(".", begin) > 1 else word


def _without_password(text: str) -> str:
    """An address without what its user is known by. A password may hold any character: it ends at the last `@`."""
    scheme, slashes, rest = text.partition("://")
    known_by, at, place = rest.rpartition("@")
    if not slashes or not at:
        return text
    user, _colon, password = known_by.partition(":")
    return f"{scheme}://{f'{user}:' if password else ''}{HIDDEN}@{place}"
