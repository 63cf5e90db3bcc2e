"""Which rows somebody asked for."""

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from services.core.conventions import REQUEST_EVENT
from services.streamer.ports import Row, Topic

Value = str | float | bool


class Operator(Enum):
    """How an attribute is compared."""

    EQUAL = "equal"
    NOT_EQUAL = "not equal"
    LESS = "less"
    LESS_OR_EQUAL = "less or equal"
    GREATER = "greater"
    GREATER_OR_EQUAL = "greater or equal"
    EXISTS = "exists"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on one attribute; types count. `value` is None for EXISTS and ABSENT alone."""

    path: tuple[str, ...]
    operator: Operator
    value: Value | None = None

    def holds(self, attributes: Mapping[str, object]) -> bool:
        """Whether it holds for these attributes."""
        held = _held(attributes, self.path)
        if self.operator in (Operator.EXISTS, Operator.ABSENT):
            return (held is not _LACKS) == (self.operator is Operator.EXISTS)
        if self.operator in (Operator.EQUAL, Operator.NOT_EQUAL):
            return _same(held, self.value) == (self.operator is Operator.EQUAL)
        return _ordered(held, self.operator, self.value)


@dataclass(frozen=True, slots=True)
class Selection:
    """Events or log lines. An empty tuple matches all; `kinds` are types of events or levels of lines."""

    logs: bool = False
    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    user_ids: tuple[str, ...] = ()
    session_ids: tuple[str, ...] = ()
    text: str = ""
    conditions: tuple[Condition, ...] = ()

    @property
    def topic(self) -> Topic:
        """What it is chosen from. Requests are told only to who asks for the type."""
        if self.logs:
            return Topic.LOGS
        return Topic.ALL_EVENTS if REQUEST_EVENT in self.kinds else Topic.EVENTS

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Those rows that match."""
        return rows if self == Selection(self.logs) else [row for row in rows if self._matches(row)]

    def _matches(self, row: Row) -> bool:
        return (
            (not self.kinds or row.kind in self.kinds)
            and (not self.services or row.service in self.services)
            and (not self.user_ids or row.user_id in self.user_ids)
            and (not self.session_ids or row.session_id in self.session_ids)
            and (not self.text or _folded(self.text) in _folded(row.message))
            and (not self.conditions or self._attributes_match(row))
        )

    def _attributes_match(self, row: Row) -> bool:
        attributes = json.loads(row.attributes or "{}")
        return all(condition.holds(attributes) for condition in self.conditions)


_LACKS: Final = object()
_FOLDING: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_ORDERS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
}


def _folded(text: str) -> str:
    return text.translate(_FOLDING)


def _held(attributes: object, path: Sequence[str]) -> object:
    for name in path:
        if not isinstance(attributes, dict) or name not in attributes:
            return _LACKS
        attributes = attributes[name]
    return attributes


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(held: object, value: Value | None) -> bool:
    if _number(held) and _number(value):
        return held == value
    return type(held) is type(value) and held == value


def _ordered(held: object, comparison: Operator, value: Value | None) -> bool:
    if _number(held) and _number(value):
        return _ORDERS[comparison](held, value)
    if isinstance(held, str) and isinstance(value, str):
        return _ORDERS[comparison](held.encode(), value.encode())
    return False
