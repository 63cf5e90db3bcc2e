"""The columns of exports, and how SQL writes them: typed for tables, as text for lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "time", "number", "json", "id"]

# What a spreadsheet takes for a formula: also behind wide forms of the signs, and behind the end of a line.
_FORMULA = r"^[=+\\-@\\t\\r\\n\\x{FF1D}\\x{FF0B}\\x{FF0D}\\x{FF20}]"
_NUMBER = r"^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column by its name; `sql` is its value, of the table's type."""

    name: str
    sql: str
    kind: Kind = "text"

    @property
    def typed(self) -> str:
        """For Parquet and Arrow."""
        return f"{self.sql} AS `{self.name}`"

    @property
    def cell(self) -> str:
        """For CSV: times as ISO 8601, texts so that no spreadsheet runs them."""
        if self.kind in ("number", "id"):
            return self.typed
        return f"{defused(self._text)} AS `{self.name}`" if self.kind != "time" else f"{self._text} AS `{self.name}`"

    @property
    def json(self) -> str:
        """For JSON: the value as JSON; identities as text, since they are beyond what a double holds."""
        if self.kind == "json":
            return f"if({self.sql} = '', '{{}}', {self.sql})"
        return f"toJSONString({self.sql})" if self.kind == "number" else f"toJSONString({self._text})"

    @property
    def _text(self) -> str:
        if self.kind == "time":
            return f"concat(replaceOne(toString({self.sql}), ' ', 'T'), 'Z')"
        return f"toString({self.sql})"


def defused(text: str) -> str:
    """A text with an apostrophe before it where it would be a formula; plain numbers stay."""
    return f"if(match({text}, '{_FORMULA}') AND NOT match({text}, '{_NUMBER}'), concat('\\'', {text}), {text})"


def json_line(columns: Sequence[ExportColumn]) -> str:
    """All columns as one JSON object."""
    parts = [f"'{',' if place else ''}\"{column.name}\":', {column.json}" for place, column in enumerate(columns)]
    return f"concat('{{', {', '.join(parts)}, '}}')"


_WORDS = "transform(toInt64({column}), [{numbers}], [{words}], toString({column}))"


def _word(column: str, words: Sequence[str]) -> str:
    numbers = ", ".join(str(number) for number in range(len(words)))
    return _WORDS.format(column=column, numbers=numbers, words=", ".join(f"'{word}'" for word in words))


EVENTS = (
    ExportColumn("time", "time", "time"),
    ExportColumn("accepted", "accepted", "time"),
    ExportColumn("type", "type"),
    ExportColumn("service", "service"),
    ExportColumn("user_id", "user_id"),
    ExportColumn("session_id", "session_id"),
    ExportColumn("data", "data", "json"),
)
LOGS = (
    ExportColumn("time", "time", "time"),
    ExportColumn("accepted", "accepted", "time"),
    ExportColumn("level", _word("level", ("info", "debug", "info", "warning", "error", "critical"))),
    ExportColumn("service", "service"),
    ExportColumn("message", "message"),
    ExportColumn("trace_id", "trace_id"),
    ExportColumn("span_id", "span_id"),
    ExportColumn("attributes", "attributes", "json"),
)
SPANS = (
    ExportColumn("time", "time", "time"),
    ExportColumn("duration_ms", "duration_ns / 1e6", "number"),
    ExportColumn("service", "service"),
    ExportColumn("name", "name"),
    ExportColumn("kind", _word("kind", ("unspecified", "internal", "server", "client", "producer", "consumer"))),
    ExportColumn("status", _word("status", ("unset", "ok", "error"))),
    ExportColumn("status_message", "status_message"),
    ExportColumn("trace_id", "trace_id"),
    ExportColumn("span_id", "span_id"),
    ExportColumn("parent_span_id", "parent_span_id"),
    ExportColumn("attributes", "attributes", "json"),
    ExportColumn("events", "events", "json"),
    ExportColumn("links", "links", "json"),
)
HEARTBEATS = (
    ExportColumn("time", "time", "time"),
    ExportColumn("accepted", "accepted", "time"),
    ExportColumn("service", "service"),
    ExportColumn("status", "status"),
    ExportColumn("kind", "kind"),
    ExportColumn("request_count", "request_count", "number"),
    ExportColumn("error_count", "error_count", "number"),
    ExportColumn("avg_latency_ms", "avg_latency_ms", "number"),
    ExportColumn("uptime_hours", "uptime_hours", "number"),
)
_SERIES = (
    ExportColumn("metric", "metric"),
    ExportColumn("labels", "labels", "json"),
    ExportColumn("series_id", "series_id", "id"),
)
SAMPLES = (ExportColumn("time", "time", "time"), *_SERIES, ExportColumn("value", "value", "number"))
SUMS = (
    ExportColumn("time", "start", "time"),
    *_SERIES,
    *(ExportColumn(name, name, "number") for name in ("count", "total", "least", "greatest", "newest")),
)
