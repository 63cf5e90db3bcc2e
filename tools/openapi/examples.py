"""Examples that can be tried as they are, and where what an operation wants is found: in the answer of another.

Operations are named by verb and path. Names are those of the demonstration input.
"""

import json
from dataclasses import dataclass
from typing import Any

PARAMETERS: dict[str, dict[str, Any]] = {
    "DELETE /api/v1/dashboards/{id}": {"id": "ai-usage"},
    "DELETE /api/v1/inhibitions/{id}": {"id": "checkout-down"},
    "DELETE /api/v1/rules/{id}": {"id": "checkout-slow"},
    "GET /api/analytics/timeseries/{metric}": {"metric": "requests"},
    "GET /api/v1/alerts": {"active": True},
    "GET /api/v1/incidents": {"active": True},
    "GET /api/v1/ask": {"text": "error rate by service last hour"},
    "GET /api/v1/dashboard/metrics": {"period": "1h"},
    "GET /api/v1/dashboards/{id}": {"id": "services"},
    "GET /api/v1/dashboards/{id}/versions": {"id": "business"},
    "GET /api/v1/exemplars": {"metric": "http.server.request.duration"},
    "GET /api/v1/export": {"data": "events", "format": "csv"},
    "GET /api/v1/live": {"room": "dashboard"},
    "GET /api/v1/labels/{label}/values": {"label": "__name__"},
    "GET /api/v1/query": {"metric": "latency", "by": ["service"]},
    "GET /api/v1/rules/{id}": {"id": "service-error-rate"},
    "GET /api/v1/tenants/{id}": {"id": "default"},
    "PATCH /api/v1/tenants/{id}": {"id": "default"},
    "POST /api/v1/dashboards/{id}/restore": {"id": "business"},
    "POST /api/v1/keys/{id}/revoke": {"id": "0123456789abcdef"},
    "POST /api/v1/labels/{label}/values/search": {"label": "service"},
    "POST /api/v1/rules/{rule_id}/explain": {"rule_id": "service-error-rate"},
    "PUT /api/v1/dashboards/{id}": {"id": "business"},
    "PUT /api/v1/inhibitions/{id}": {"id": "checkout-down"},
    "PUT /api/v1/rules/{id}": {"id": "checkout-slow"},
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
_SLOW = {
    "id": "checkout-slow",
    "name": "Checkout is slow",
    "condition": {
        "threshold": {
            "expressions": [
                {
                    "selection": {
                        "metric": "latency",
                        "matchers": [{"label": "service", "value": "checkout"}],
                        "function": "FUNCTION_AVERAGE",
                        "window": "60s",
                        "grouping": {"aggregation": "AGGREGATION_AVERAGE", "by": ["endpoint"]},
                    }
                }
            ]
        }
    },
    "levels": [{"severity": "SEVERITY_WARNING", "threshold": 5000, "recovery_threshold": 4000}],
    "hold": "60s",
    "annotations": {"summary": "{{labels.endpoint}} takes {{value}} ms."},
}
# An address that is set aside for documents, to which nothing is ever sent.
_HOOK = {"id": "ops-hook", "webhook": {"url": "https://192.0.2.10/binnacle", "secret": "at least 16 characters"}}
_PURCHASES = {
    "title": "Purchases",
    "line": {"question": {"figures": {"names": ["purchases"]}}, "changes": True},
    "position": {"width": 6, "height": 4},
}
_DASHBOARD = {"title": "What we sell", "tags": ["shop"], "widgets": [_PURCHASES]}
_BACKUP = {
    "matchers": [{"label": "service", "value": "inventory"}],
    "comment": "The weekly backup",
    "maintenance": True,
    "recurrence": {"weekdays": [7], "from": "03:00", "duration": "3600s", "time_zone": "Europe/Berlin"},
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
    "PATCH /api/v1/tenants/{id}": {"display_name": "Our own"},
    "POST /admin/test/broadcast": {"message": "This is a test."},
    "POST /api/alerts/{id}/acknowledge": {"comment": "on it", "ttl": "3600s"},
    "POST /api/alerts/{id}/resolve": {"comment": "rolled back", "returns_after": "900s"},
    "POST /api/logs/generate": {"count": 5, "levels": ["warning", "error"], "services": ["checkout"]},
    "POST /api/v1/alerts/{id}/acknowledge": {"comment": "on it", "ttl": "3600s"},
    "POST /api/v1/alerts/{id}/resolve": {"comment": "rolled back", "returns_after": "900s"},
    "POST /api/v1/business/violations": {"rules": [_RULE]},
    "POST /api/v1/dashboards": _DASHBOARD,
    "POST /api/v1/dashboards/{id}/restore": {"version": "1"},
    "POST /api/v1/dashboards:apply": {"dashboards": [{**_DASHBOARD, "id": "of-a-file"}], "dry_run": True},
    "POST /api/v1/dashboards:draft-rule": {"widget": {"event_feed": {"selection": {"types": ["deploy"]}}}},
    "POST /api/v1/dashboards:import": {"text": json.dumps(_DASHBOARD), "dry_run": True},
    "POST /api/v1/dashboard/widgets": {
        "widget_type": "chart",
        "title": "Messages per Hour",
        "config": {"chart_type": "line", "metrics": ["messages_sent", "messages_received"]},
        "position": {"x": 0, "y": 0, "width": 6, "height": 4},
    },
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
    "POST /api/v1/incidents/{id}/acknowledge": {"comment": "on it", "ttl": "3600s"},
    "POST /api/v1/incidents/{id}/resolve": {"comment": "rolled back", "returns_after": "900s"},
    "POST /api/v1/keys": {"name": "checkout in production", "roles": ["ingester"], "ttl": "2592000s"},
    "POST /api/v1/keys/{id}/revoke": {},
    "POST /api/v1/labels/search": {"matchers": [_HOST]},
    "POST /api/v1/labels/{label}/values/search": {"page_size": 20},
    "POST /api/v1/live": {"subscriptions": [{"id": "purchases", "events": {"types": ["purchase"]}}]},
    "POST /api/v1/logs/histogram": {"filter": {"levels": ["LOG_LEVEL_ERROR"]}, "step_seconds": 60},
    "POST /api/v1/logs/patterns": {"filter": {"services": ["checkout"]}, "limit": 10},
    "POST /api/v1/logs/search": {"filter": {"levels": ["LOG_LEVEL_WARNING", "LOG_LEVEL_ERROR"]}, "page_size": 20},
    "POST /api/v1/notifiers:preview": {"labels": {"service": "checkout"}, "severity": "SEVERITY_CRITICAL"},
    "POST /api/v1/notifiers:test": {"receiver": _HOOK},
    "POST /api/v1/query": {"query": _QUERY},
    "POST /api/v1/query:explain": {"query": _QUERY},
    "POST /api/v1/retention": {"changes": [{"kind": "events", "days": 30}]},
    "POST /api/v1/rules": _SLOW,
    "POST /api/v1/rules/{rule_id}/explain": {"labels": {"service": "checkout"}},
    "POST /api/v1/rules:apply": {"rules": [{**_SLOW, "id": "checkout-slow-of-a-file"}], "dry_run": True},
    "POST /api/v1/rules:test": {"rule": _SLOW},
    "POST /api/v1/series/search": {"matchers": [_HOST], "page_size": 20},
    "POST /api/v1/silences": _BACKUP,
    "POST /api/v1/tenants": {"id": "acme", "time_zone": "Europe/Berlin", "limits": {"points_per_second": 5000}},
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
    "PUT /api/v1/dashboards/{id}": {**_DASHBOARD, "title": "Business", "version": "1"},
    "PUT /api/v1/inhibitions/{id}": {
        "source": [{"label": "__rule__", "value": "heartbeat-stale"}],
        "target": [{"label": "__rule__", "value": "service-error-rate"}],
        "equal": ["service"],
        "comment": "A service that is gone fails, too",
    },
    "PUT /api/v1/notifiers": {
        "notifiers": {
            "receivers": [_HOOK],
            "routes": [{"matchers": [{"label": "__severity__", "value": "critical"}], "tell": ["ops-hook"]}],
        },
        "dry_run": True,
    },
    "PUT /api/v1/rules/{id}": {**_SLOW, "hold": "120s"},
    "PUT /api/v1/silences/{id}": {**_BACKUP, "comment": "The weekly backup, longer since May"},
}


@dataclass(frozen=True, slots=True)
class Link:
    """A parameter of the operation `target` is found in the answer of `source`, at a JSON pointer."""

    source: str
    target: str
    parameter: str
    pointer: str


_ALERTS = "GET /api/v1/alerts"
_ERRORS = "GET /api/v1/errors"
_INCIDENTS = "GET /api/v1/incidents"
_INTEGRATIONS = "GET /api/v1/integrations"
_LOGS = "GET /api/v1/logs"
_SERVICES = "GET /api/v1/services"
_SESSIONS = "GET /api/v1/sessions"
_SILENCES = "GET /api/v1/silences"
_TRACES = "GET /api/v1/traces"
LINKS = (
    Link(_ALERTS, "GET /api/alerts/{id}", "id", "/alerts/0/id"),
    Link(_ALERTS, "GET /api/v1/alerts/{id}", "id", "/alerts/0/id"),
    Link(_ALERTS, "POST /api/alerts/{id}/acknowledge", "id", "/alerts/0/id"),
    Link(_ALERTS, "POST /api/alerts/{id}/resolve", "id", "/alerts/0/id"),
    Link(_ALERTS, "POST /api/v1/alerts/{id}/acknowledge", "id", "/alerts/0/id"),
    Link(_ALERTS, "POST /api/v1/alerts/{id}/resolve", "id", "/alerts/0/id"),
    Link("GET /api/v1/deletions", "GET /api/v1/deletions/{id}", "id", "/deletions/0/id"),
    Link("POST /api/v1/deletions/users", "GET /api/v1/deletions/{id}", "id", "/deletion/id"),
    Link(_ERRORS, "GET /api/v1/errors/{fingerprint}", "fingerprint", "/groups/0/fingerprint"),
    Link(_ERRORS, "GET /api/v1/errors/{fingerprint}/occurrences", "fingerprint", "/groups/0/fingerprint"),
    Link(_INCIDENTS, "GET /api/v1/incidents/{id}", "id", "/incidents/0/id"),
    Link(_INCIDENTS, "POST /api/v1/incidents/{id}/acknowledge", "id", "/incidents/0/id"),
    Link(_INCIDENTS, "POST /api/v1/incidents/{id}/resolve", "id", "/incidents/0/id"),
    Link(_INTEGRATIONS, "GET /api/v1/integrations/{integration}", "integration", "/integrations/0/integration"),
    Link(_INTEGRATIONS, "GET /monitoring/api/integration/{integration}", "integration", "/integrations/0/integration"),
    Link(_LOGS, "GET /api/v1/logs/{line_id}/context", "line_id", "/lines/0/line_id"),
    Link(_SERVICES, "GET /api/v1/services/{service}", "service", "/services/0/service"),
    Link(_SERVICES, "GET /services/{service}/metrics", "service", "/services/0/service"),
    Link(_SESSIONS, "GET /api/v1/sessions/{session_id}", "session_id", "/sessions/0/session_id"),
    Link(_SESSIONS, "GET /api/v1/users/{user_id}/story", "user_id", "/sessions/0/user_id"),
    Link(_SILENCES, "DELETE /api/v1/silences/{id}", "id", "/silences/0/id"),
    Link(_SILENCES, "PUT /api/v1/silences/{id}", "id", "/silences/0/id"),
    Link(_TRACES, "GET /api/v1/traces/{trace_id}", "trace_id", "/traces/0/trace_id"),
)
