"""How operations fail: the statuses that comments name, and those of the edge itself."""

from typing import Any

from tools.openapi.contracts import Call

SCHEMA = "Error"
_RESPONSE = "#/components/responses/{status}"
_JSON = "application/json"
# By the code a comment names: the HTTP status the edge makes of it.
_NAMED = {
    "INVALID_ARGUMENT": "400",
    "PERMISSION_DENIED": "403",
    "NOT_FOUND": "404",
    "ABORTED": "409",
    "RESOURCE_EXHAUSTED": "429",
    "UNAVAILABLE": "503",
    "DEADLINE_EXCEEDED": "504",
}
# Said whatever is asked: of parameters there are none of, to pages of other sites, for who is down or late.
_ALWAYS = {"400", "403", "503", "504"}
_WITHOUT_TOKEN = "401"
_OF_BODIES = "413"
_OF_PLACES = "404"
_DESCRIPTIONS = {
    "400": ("What was asked breaks a rule; `details` names the fields.", 3),
    "401": ("There is no token, or none that holds. Only with `--auth jwt`.", 16),
    "403": ("The token's roles do not allow it; or, without authentication, a page of another site asks.", 7),
    "404": ("There is no such thing.", 5),
    "409": ("It was changed meanwhile; ask again.", 10),
    "413": ("The body is larger than 4 MiB.", 3),
    "429": ("Too much at once. Nothing was kept; repeat it after `Retry-After`.", 8),
    "503": ("Who would answer is down or not ready. Repeat it after `Retry-After`.", 14),
    "504": ("It took longer than it may.", 4),
}
_WITH_RETRY = {"429", "503"}
_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
}


def statuses(call: Call, *, is_open: bool) -> list[str]:
    """Those an operation may be answered with when it fails; `is_open` where no token is asked for."""
    named = {status for code, status in _NAMED.items() if code in f"{call.about} {call.comment}"}
    return sorted(
        _ALWAYS
        | named
        | (set() if is_open else {_WITHOUT_TOKEN})
        | ({_OF_BODIES} if call.body else set())
        | ({_OF_PLACES} if "{" in call.path else set())
    )


def responses(found: list[str], media: tuple[str, ...] = ()) -> dict[str, Any]:
    """The answers of these statuses, by status; `media` where errors come in other forms too."""
    if not media:
        return {status: {"$ref": _RESPONSE.format(status=status)} for status in found}
    shared = components()
    return {status: {**shared[status], "content": _content(status, media)} for status in found}


def components() -> dict[str, Any]:
    """The answers that operations share, by status."""
    return {
        status: {
            "description": description,
            **({"headers": _RETRY_AFTER} if status in _WITH_RETRY else {}),
            "content": _content(status, ()),
        }
        for status, (description, _code) in _DESCRIPTIONS.items()
    }


def schema() -> dict[str, Any]:
    """The body of them all."""
    return {
        "type": "object",
        "description": "google.rpc.Status: what went wrong; in `details` the reason, the fields, when to retry.",
        "required": ["code", "message"],
        "properties": {
            "code": {"type": "integer", "description": "Code of google.rpc.Code."},
            "message": {"type": "string", "description": "What is wrong and what would be right."},
            "details": {
                "type": "array",
                "items": {"type": "object", "required": ["@type"], "properties": {"@type": {"type": "string"}}},
                "description": "google.rpc.ErrorInfo with the reason; google.rpc.BadRequest, google.rpc.RetryInfo.",
            },
        },
    }


def _content(status: str, media: tuple[str, ...]) -> dict[str, Any]:
    described, code = _DESCRIPTIONS[status]
    example = {"code": code, "message": described.partition(".")[0], "details": []}
    told = {_JSON: {"schema": {"$ref": f"#/components/schemas/{SCHEMA}"}, "example": example}}
    return told | {form: {"schema": {"type": "string", "format": "binary"}} for form in media if form != _JSON}
