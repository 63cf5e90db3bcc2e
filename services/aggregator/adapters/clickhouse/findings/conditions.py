"""Searches as conditions of SQL; values are parameters, never text of the statement."""

from collections.abc import Sequence
from typing import Any

from services.aggregator.ports.searches import AttributeCondition, Cursor, Term, TextSearch, TimeRange

NEWEST_FIRST = "time DESC, journal_id DESC, offset DESC, row DESC"
OLDEST_FIRST = "time, journal_id, offset, row"
_PLACE = "(toUnixTimestamp64Micro(time), journal_id, offset, row)"
_PLACE_KINDS = ("Int64", "String", "UInt64", "UInt32")
_NUMBERS = "('Int64', 'UInt64', 'Double')"


class Conditions:
    """Conditions that all have to hold, and their parameters, each under a name of its own.

    Parts of one question share `parameters`.
    """

    def __init__(self, parameters: dict[str, Any] | None = None) -> None:
        self._where: list[str] = []
        self.parameters: dict[str, Any] = {} if parameters is None else parameters

    @property
    def where(self) -> tuple[str, ...]:
        """The conditions."""
        return tuple(self._where)

    def value(self, value: Any, kind: str) -> str:
        """A value as SQL writes it."""
        name = f"v{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def add(self, condition: str) -> None:
        """One more; its values come from `value`."""
        self._where.append(condition)

    def within(self, range_: TimeRange) -> None:
        """Times of the range."""
        self.add(f"time >= fromUnixTimestamp64Micro({self.value(range_.from_us, 'Int64')})")
        self.add(f"time < fromUnixTimestamp64Micro({self.value(range_.to_us, 'Int64')})")

    def any_of(self, column: str, values: Sequence[str] | Sequence[int], kind: str = "String") -> None:
        """One of the values, any when there are none."""
        if values:
            self.add(f"{column} IN {self.value(list(values), f'Array({kind})')}")

    def none_of(self, column: str, values: Sequence[str]) -> None:
        """None of the values."""
        if values:
            self.add(f"{column} NOT IN {self.value(list(values), 'Array(String)')}")

    def beside(self, cursor: Cursor | None) -> None:
        """Rows on the cursor's side of its position. The first condition finds the place in the index."""
        if cursor is None:
            return
        time = f"fromUnixTimestamp64Micro({self.value(cursor.position[0], 'Int64')})"
        pairs = zip(cursor.position, _PLACE_KINDS, strict=True)
        place = ", ".join(self.value(value, kind) for value, kind in pairs)
        self.add(f"time {'>=' if cursor.newer else '<='} {time}")
        self.add(f"{_PLACE} {'>' if cursor.newer else '<'} ({place})")

    def text(self, column: str, search: TextSearch) -> None:
        """Texts that hold the terms; A to Z are the same as a to z."""
        for term in search.required:
            self.add(self._term(f"lower({column})", term))
        for term in search.excluded:
            self.add(f"NOT ({self._term(f'lower({column})', term)})")

    def _term(self, lowered: str, term: Term) -> str:
        # Tokens can be looked up in an index of words; a text is then looked for in what is left.
        found = [f"hasToken({lowered}, {self.value(token, 'String')})" for token in term.tokens]
        if term.text:
            found.append(f"position({lowered}, {self.value(term.text, 'String')}) > 0")
        return " AND ".join(found)

    def attributes(self, column: str, conditions: Sequence[AttributeCondition]) -> None:
        """Attributes of the JSON object in a column."""
        for condition in conditions:
            self.add(self._attribute(column, condition))

    def _attribute(self, column: str, condition: AttributeCondition) -> str:
        where = ", ".join([column, *(self.value(name, "String") for name in condition.path)])
        if condition.comparison == "exists":
            return f"JSONHas({where})"
        if condition.comparison == "absent":
            return f"NOT JSONHas({where})"
        if condition.comparison == "!=":
            return f"NOT ({self._compared(where, '=', condition.value)})"
        return self._compared(where, condition.comparison, condition.value)

    def _compared(self, where: str, comparison: str, value: str | float | bool | None) -> str:
        if isinstance(value, bool):
            return f"JSONType({where}) = 'Bool' AND JSONExtractBool({where}) {comparison} {self.value(value, 'Bool')}"
        if isinstance(value, str):
            text = self.value(value, "String")
            return f"JSONType({where}) = 'String' AND JSONExtractString({where}) {comparison} {text}"
        number = self.value(value, "Float64")
        return f"JSONType({where}) IN {_NUMBERS} AND JSONExtractFloat({where}) {comparison} {number}"
