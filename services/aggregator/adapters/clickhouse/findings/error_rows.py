"""Errors of all sources as rows of one form, each with its fingerprint and the release it happened in."""

from services.aggregator.adapters.clickhouse.engine.statements import Join, TenantQuery, TenantTable, Union
from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.adapters.clickhouse.findings.masks import MASK, masked
from services.aggregator.ports.searches import ErrorSearch
from services.core.conventions import ERROR_EVENT

DEPLOY_EVENT = "deploy"
MESSAGE_CHARACTERS = 2_000
STACK_CHARACTERS = 16_000
_MASKED_CHARACTERS = 500
_FIRST_ERROR_LEVEL = 4
_FAILED = 2

_TYPES = ("exception.type", "error.type", "error_type", "exception_type")
_MESSAGES = ("exception.message", "error_message", "message", "reason")
_EXCEPTION_MESSAGE = ("exception.message",)
_STACKS = ("exception.stacktrace", "stacktrace", "stack_trace", "stack")
_VERSIONS = ("service.version", "version", "release")
_USERS = ("user.id", "enduser.id", "user_id")
_TRACES = ("trace_id",)
_KEYS = tuple(dict.fromkeys((*_TYPES, *_MESSAGES, *_STACKS, *_VERSIONS, *_USERS, *_TRACES)))

# The uppermost frame: Python names it last; JavaScript and Java first; else whatever looks like a file and its line.
_FRAMES = (
    'extractAll(stack, \'File "[^"]+", line [0-9]+, in [^\\\\s]+\')[-1]',
    "extract(stack, '(?m)^\\\\s*at ([^\\\\n]+)$')",
    "extract(stack, '([\\\\w./-]+[.]\\\\w+:[0-9]+)')",
)
_FRAME = f"arrayFirst(frame -> frame != '', [{', '.join(_FRAMES)}])"
_PLACE = f"replaceRegexpAll({_FRAME}, ', line [0-9]+|:[0-9]+', '')"
_FINGERPRINT = "lower(leftPad(hex(sipHash64(in_service, error_type, masked_message, place)), 16, '0'))"

# An `error` of an event is a text or an object.
_NESTED = "JSONExtract(data, 'Tuple(error Tuple(type String, message String, stack String))').1"
_WORD = "if(JSONType(data, 'error') = 'String', JSONExtractString(data, 'error'), '')"
_RAISED = "arrayFirst(event -> JSONExtractString(event, 'name') = 'exception', JSONExtractArrayRaw(events))"
_PLACE_COLUMNS = ("journal_id", "offset", "row")


def error_rows(tenant: str, search: ErrorSearch, found: Conditions) -> TenantQuery:
    """Errors that match; their parameters are added to `found`.

    Columns: at (microseconds), source, in_service, error_type, message, stack, user_id, trace_id, version, attributes,
    journal_id, offset, row, span_id, masked_message, place, fingerprint.
    """
    makers = {"event": _events, "log": _logs, "span": _spans}
    parts = tuple(makers[source](tenant, search, found) for source in search.sources or makers)
    mine = Conditions(found.parameters)
    mine.text("message", search.text)
    first_line = f"substringUTF8(extract(message, '^[^\\\\n]*'), 1, {_MASKED_CHARACTERS})"
    told = TenantQuery(
        tenant,
        TenantQuery(tenant, Union(parts), ("*",)),
        (
            "toUnixTimestamp64Micro(time) AS at",
            "toString(service) AS in_service",
            "if(told_version != '', told_version, deployed) AS version",
            f"{masked(first_line, mine.value(MASK, 'String'))} AS masked_message",
            f"{_PLACE} AS place",
            *("source", "error_type", "message", "stack", "user_id", "trace_id", "span_id", "attributes"),
            *_PLACE_COLUMNS,
        ),
        mine.where,
        joins=(Join("LEFT ASOF", _deploys(tenant, search, found), "service, time"),),
    )
    return TenantQuery(tenant, told, ("*", f"{_FINGERPRINT} AS fingerprint"))


def _deploys(tenant: str, search: ErrorSearch, found: Conditions) -> TenantQuery:
    mine = Conditions(found.parameters)
    mine.add(f"time < fromUnixTimestamp64Micro({mine.value(search.range.to_us, 'Int64')})")
    mine.any_of("type", [DEPLOY_EVENT])
    mine.any_of("service", search.services)
    return TenantQuery(
        tenant, "events", ("service", "time", "JSONExtractString(data, 'version') AS deployed"), mine.where
    )


def _told(column: str) -> str:
    """The texts an object has under well-known keys, read in one go."""
    return f"JSONExtract({column}, 'Tuple({', '.join(f'`{key}` String' for key in _KEYS)})')"


def _first(keys: tuple[str, ...], *others: str, of: str = "told") -> str:
    """The first text that is told, in the order of the keys and then of other expressions; else an empty one."""
    tried = [*(f"tupleElement({of}, '{key}')" for key in keys), *others]
    given = ", ".join(f"nullIf({one}, '')" for one in tried)
    return f"coalesce({given}, '')"


def _rows(
    tenant: str, table: TenantTable, raw: tuple[str, ...], mine: Conditions, fields: dict[str, str]
) -> TenantQuery:
    """Rows of the form that all sources have, from a table's raw columns."""
    columns = (
        "happened AS time",
        f"'{fields['source']}' AS source",
        "service",
        f"{fields['type']} AS error_type",
        f"substringUTF8({fields['message']}, 1, {MESSAGE_CHARACTERS}) AS message",
        f"substringUTF8({fields['stack']}, 1, {STACK_CHARACTERS}) AS stack",
        f"{fields['user']} AS user_id",
        f"{fields['trace']} AS trace_id",
        f"{_first(_VERSIONS)} AS told_version",
        "attributes",
        *_PLACE_COLUMNS,
        f"{fields['span']} AS span_id",
    )
    rows = TenantQuery(tenant, table, (*raw, "service", *_PLACE_COLUMNS), mine.where)
    return TenantQuery(tenant, rows, columns)


def _events(tenant: str, search: ErrorSearch, found: Conditions) -> TenantQuery:
    mine = Conditions(found.parameters)
    mine.within(search.range)
    mine.any_of("type", [ERROR_EVENT])
    mine.any_of("service", search.services)
    raw = (
        "time AS happened",
        f"{_told('data')} AS told",
        f"{_NESTED} AS nested",
        f"{_WORD} AS word",
        "user_id AS of_user",
        "data AS attributes",
    )
    fields = {
        "source": "event",
        "type": _first(_TYPES, "nested.type"),
        "message": _first(_MESSAGES, "nested.message", "word", *(f"tupleElement(told, '{key}')" for key in _TYPES)),
        "stack": _first(_STACKS, "nested.stack"),
        "user": "of_user",
        "trace": _first(_TRACES),
        "span": "''",
    }
    return _rows(tenant, "events", raw, mine, fields)


def _logs(tenant: str, search: ErrorSearch, found: Conditions) -> TenantQuery:
    mine = Conditions(found.parameters)
    mine.within(search.range)
    mine.add(f"level >= {_FIRST_ERROR_LEVEL}")
    mine.any_of("service", search.services)
    raw = (
        "time AS happened",
        f"{_told('attributes')} AS told",
        "message AS line",
        "trace_id AS of_trace",
        "span_id AS of_span",
        "attributes",
    )
    fields = {
        "source": "log",
        "type": _first(_TYPES),
        "message": _first(_EXCEPTION_MESSAGE, "line"),
        "stack": _first(_STACKS),
        "user": _first(_USERS),
        "trace": "of_trace",
        "span": "of_span",
    }
    return _rows(tenant, "logs", raw, mine, fields)


def _spans(tenant: str, search: ErrorSearch, found: Conditions) -> TenantQuery:
    mine = Conditions(found.parameters)
    mine.within(search.range)
    mine.add(f"status = {_FAILED}")
    mine.any_of("service", search.services)
    raw = (
        "toDateTime64(time, 6, 'UTC') AS happened",
        f"{_told('attributes')} AS told",
        _told(f"JSONExtractRaw({_RAISED}, 'attributes')") + " AS raised",
        "status_message",
        "toString(name) AS operation",
        "trace_id AS of_trace",
        "span_id AS of_span",
        "attributes",
    )
    raised_types = tuple(f"tupleElement(told, '{key}')" for key in _TYPES)
    fields = {
        "source": "span",
        "type": _first(_TYPES, *raised_types, of="raised"),
        "message": _first(_EXCEPTION_MESSAGE, "status_message", "operation", of="raised"),
        "stack": _first(_STACKS, of="raised"),
        "user": _first(_USERS),
        "trace": "of_trace",
        "span": "of_span",
    }
    return _rows(tenant, "spans", raw, mine, fields)
