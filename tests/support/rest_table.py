"""The table of docs/rest.md, read as what it promises: paths, calls, fields."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rest.md"
_CODE = re.compile(r"`([^`]+)`")
_EXAMPLE = re.compile(r"{(\w+)=([^}]+)}")
_FIELD = re.compile(r"([\w.\[\]{}]+):(number|text|time|flag|object)([!?]*)")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "number": (int, float),
    "text": str,
    "time": str,
    "flag": bool,
    "object": dict,
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its path: `a.b`, `a[].b` for each of a list, `a{}.b` for each value of an object.

    `moves`: the demo changes it within ten seconds. `optional`: it may be absent, empty or zero.
    """

    path: str
    type: str
    moves: bool
    optional: bool

    def values(self, answer: Any) -> list[Any]:
        """What an answer holds there."""
        found = [answer]
        for step in self.path.split("."):
            found = [value for one in found for value in _step(one, step)]
        return found

    def faults(self, answer: Any) -> Iterator[str]:
        """What is wrong with an answer."""
        values = self.values(answer)
        wrong = [value for value in values if not self._fits(value)]
        if wrong:
            yield f"{self.path} is no {self.type}: {wrong[:3]}"
        if not self.optional and not any(value is False or value for value in values):
            yield f"{self.path} is absent, empty or zero"

    def _fits(self, value: Any) -> bool:
        if not isinstance(value, _TYPES[self.type]) or (self.type == "number" and isinstance(value, bool)):
            return False
        return self.type != "time" or datetime.fromisoformat(str(value)).tzinfo is not None


@dataclass(frozen=True, slots=True)
class Row:
    """A path and what it gives; `media` is its content type where it is no JSON, and then there are no fields."""

    verb: str
    path: str
    body: Any
    rpc: str
    fields: tuple[Field, ...]
    media: str = ""
    moves: bool = False

    @property
    def name(self) -> str:
        """Verb and path, as a contract has them."""
        path = _EXAMPLE.sub(r"{\1}", self.path).partition("?")[0]
        return f"{self.verb} {path}"

    @property
    def address(self) -> str:
        """The path with its example in place."""
        return _EXAMPLE.sub(r"\2", self.path)

    @property
    def outermost(self) -> set[str]:
        """Names of the fields an answer has at the top."""
        return {re.split(r"[.\[{]", field.path)[0] for field in self.fields}


def rows(text: str = "") -> list[Row]:
    """Every row of the page's tables whose first cell is a call. Raises ValueError for one that cannot be read."""
    lines = (text or PAGE.read_text()).splitlines()
    return [_row(line) for line in lines if re.match(r"\| `(GET|POST|PUT|PATCH|DELETE) /", line)]


def _row(line: str) -> Row:
    _, request, rpc, fields, *_meaning = re.split(r" *\| *", line)
    call, *body = _CODE.findall(request)
    verb, path = call.split(" ", 1)
    row = Row(verb, path, orjson.loads(body[0]) if body else None, rpc.strip("`"), ())
    media = re.fullmatch(r"`\((\S+)\)(!?)`", fields)
    if media:
        return replace(row, media=media[1], moves=bool(media[2]))
    return replace(row, fields=tuple(field for part in fields.split("<br>") for field in _fields(part)))


def _fields(part: str) -> Iterator[Field]:
    """Fields of one line of a cell: a word that ends with a dot is in front of all that follow."""
    front = ""
    for word in _CODE.findall(part):
        if word.endswith("."):
            front = word
            continue
        match = _FIELD.fullmatch(word)
        if match is None:
            raise ValueError(f"{PAGE.name}: `{word}` is no field")
        yield Field(front + match[1], match[2], "!" in match[3], "?" in match[3])


def _step(value: Any, step: str) -> list[Any]:
    name = step.rstrip("[]{}")
    if not isinstance(value, dict) or name not in value:
        return []
    found = value[name]
    if step.endswith("[]"):
        return list(found) if isinstance(found, list) else [found]
    if step.endswith("{}"):
        return list(found.values()) if isinstance(found, dict) else [found]
    return [found]
