"""Examples that can be tried as they are, and where what an operation wants is found: in the answer of another.

Operations are named by verb and path. Names are those of the demonstration input.
"""

from dataclasses import dataclass
from typing import Any

PARAMETERS: dict[str, dict[str, Any]] = {
    "GET /api/analytics/timeseries/{metric}": {"metric": "requests"},
    "GET /api/v1/dashboard/metrics": {"period": "1h"},
    "GET /api/v1/exemplars": {"metric": "http.server.request.duration"},
    "GET /api/v1/export": {"data": "events", "format": "csv"},
    "GET /api/v1/live": {"room": "dashboard"},
    "GET /api/v1/labels/{label}/values": {"label": "__name__"},
    "GET /api/v1/query": {"metric": "latency", "by": ["service"]},
    "POST /api/v1/labels/{label}/values/search": {"label": "service"},
}

_QUERY = {
    "expressions": [
        {
            "selection": {
                "metric": "latency",
                "function": "FUNCTION_AVERAGE",
                "grouping": {"aggregation": "AGGREGATION_AVERAGE", "by": ["service"]},
            }
        }
    ],
    "step": "60s",
}
_STEPS = [{"type": "page_view"}, {"type": "cart_add"}, {"type": "purchase"}]
_RULE = {
    "id": "large-purchase",
    "description": "a purchase is not larger than 500",
    "types": ["purchase"],
    "conditions": {"conditions": [{"field": "data.total", "operator": "OPERATOR_AT_MOST", "values": ["500"]}]},
}
_HOST = {"label": "host", "operator": "OPERATOR_NOT_EQUAL", "value": ""}
_EVENT = {
    "type": "purchase",
    "service": "checkout",
    "user_id": "user-1",
    "session_id": "session-1",
    "data": {"total": 49.9, "currency": "EUR"},
}
_METRIC = {"name": "latency", "value": 12.5, "unit": "ms", "tags": {"service": "checkout", "endpoint": "/orders"}}
_LOG = {"message": "payment accepted", "level": "info", "service": "checkout"}
_HEARTBEAT = {
    "service": "checkout",
    "status": "healthy",
    "metrics": {"request_count": 120, "error_count": 1, "avg_latency": 23.5, "uptime": 4.2},
}
_RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]}

BODIES: dict[str, Any] = {
    "POST /admin/test/broadcast": {"message": "This is a test."},
    "POST /api/logs/generate": {"count": 5, "levels": ["warning", "error"], "services": ["checkout"]},
    "POST /api/v1/business/violations": {"rules": [_RULE]},
    "POST /api/v1/dashboard/export": {"format": "csv", "period": "1h"},
    # Names nobody's tenant, so that nothing is lost by trying.
    "POST /api/v1/deletions/tenant": {"tenant": "the name of your tenant"},
    "POST /api/v1/deletions/users": {"user_id": "somebody@example.com"},
    "POST /api/v1/events/histogram": {"filter": {"types": ["purchase"]}, "step_seconds": 60},
    "POST /api/v1/events/search": {
        "filter": {
            "types": ["purchase"],
            "attributes": [{"path": ["total"], "operator": "OPERATOR_GREATER", "number": 20}],
        },
        "page_size": 20,
    },
    "POST /api/v1/exemplars/search": {"metric": "http.server.request.duration", "page_size": 20},
    "POST /api/v1/export": {"format": "EXPORT_FORMAT_CSV", "events": {"types": ["purchase"]}},
    "POST /api/v1/funnels": {"steps": _STEPS, "window_seconds": 3600},
    "POST /api/v1/labels/search": {"matchers": [_HOST]},
    "POST /api/v1/labels/{label}/values/search": {"page_size": 20},
    "POST /api/v1/live": {"subscriptions": [{"id": "purchases", "events": {"types": ["purchase"]}}]},
    "POST /api/v1/logs/histogram": {"filter": {"levels": ["LOG_LEVEL_ERROR"]}, "step_seconds": 60},
    "POST /api/v1/logs/patterns": {"filter": {"services": ["checkout"]}, "limit": 10},
    "POST /api/v1/logs/search": {"filter": {"levels": ["LOG_LEVEL_WARNING", "LOG_LEVEL_ERROR"]}, "page_size": 20},
    "POST /api/v1/query": {"query": _QUERY},
    "POST /api/v1/query:explain": {"query": _QUERY},
    "POST /api/v1/retention": {"changes": [{"kind": "events", "days": 30}]},
    "POST /api/v1/series/search": {"matchers": [_HOST], "page_size": 20},
    "POST /api/v1/traces/search": {"filter": {"min_duration_ms": 20}, "order": "TRACE_ORDER_LONGEST", "page_size": 20},
    "POST /events": _EVENT,
    "POST /metrics": _METRIC,
    "POST /heartbeat": _HEARTBEAT,
    "POST /logs": _LOG,
    "POST /v1/logs": {
        "resourceLogs": [
            {
                "resource": _RESOURCE,
                "scopeLogs": [{"logRecords": [{"severityNumber": 9, "body": {"stringValue": "payment accepted"}}]}],
            }
        ]
    },
    "POST /v1/metrics": {"resourceMetrics": []},
    "POST /v1/traces": {"resourceSpans": []},
}


@dataclass(frozen=True, slots=True)
class Link:
    """A parameter of the operation `target` is found in the answer of `source`, at a JSON pointer."""

    source: str
    target: str
    parameter: str
    pointer: str


_ERRORS = "GET /api/v1/errors"
_INTEGRATIONS = "GET /api/v1/integrations"
_LOGS = "GET /api/v1/logs"
_SERVICES = "GET /api/v1/services"
_SESSIONS = "GET /api/v1/sessions"
_TRACES = "GET /api/v1/traces"
LINKS = (
    Link("GET /api/v1/deletions", "GET /api/v1/deletions/{id}", "id", "/deletions/0/id"),
    Link("POST /api/v1/deletions/users", "GET /api/v1/deletions/{id}", "id", "/deletion/id"),
    Link(_ERRORS, "GET /api/v1/errors/{fingerprint}", "fingerprint", "/groups/0/fingerprint"),
    Link(_ERRORS, "GET /api/v1/errors/{fingerprint}/occurrences", "fingerprint", "/groups/0/fingerprint"),
    Link(_INTEGRATIONS, "GET /api/v1/integrations/{integration}", "integration", "/integrations/0/integration"),
    Link(_INTEGRATIONS, "GET /monitoring/api/integration/{integration}", "integration", "/integrations/0/integration"),
    Link(_LOGS, "GET /api/v1/logs/{line_id}/context", "line_id", "/lines/0/line_id"),
    Link(_SERVICES, "GET /api/v1/services/{service}", "service", "/services/0/service"),
    Link(_SERVICES, "GET /services/{service}/metrics", "service", "/services/0/service"),
    Link(_SESSIONS, "GET /api/v1/sessions/{session_id}", "session_id", "/sessions/0/session_id"),
    Link(_SESSIONS, "GET /api/v1/users/{user_id}/story", "user_id", "/sessions/0/user_id"),
    Link(_TRACES, "GET /api/v1/traces/{trace_id}", "trace_id", "/traces/0/trace_id"),
)
