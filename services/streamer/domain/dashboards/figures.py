"""The figures there are, by name: what each is counted in, the label that its series have, and what people call it."""

from collections.abc import Mapping
from dataclasses import dataclass

PERCENT, MS, PER_SECOND = "%", "ms", "1/s"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure. `words` are other names for it; its own, with spaces, is always one."""

    unit: str
    label: str = ""
    words: tuple[str, ...] = ()


FIGURES: Mapping[str, Figure] = {
    "requests": Figure("requests"),
    "errors": Figure("errors"),
    "error_rate": Figure(PERCENT),
    "requests_per_second": Figure(PER_SECOND),
    "average_latency_ms": Figure(MS),
    "p50_latency_ms": Figure(MS),
    "p95_latency_ms": Figure(MS),
    "p99_latency_ms": Figure(MS),
    "messages_sent": Figure("messages", words=("sent messages", "outgoing messages", "messages")),
    "messages_received": Figure("messages", words=("received messages", "incoming messages")),
    "messages_failed": Figure("messages", words=("failed messages", "undelivered messages")),
    "message_failure_rate": Figure(PERCENT, words=("message failures", "share of failed messages")),
    "conversations_started": Figure("conversations", words=("new conversations", "started conversations")),
    "active_conversations": Figure("conversations", words=("open conversations", "conversations")),
    "tickets_created": Figure(
        "tickets", words=("new tickets", "tickets", "support tickets", "opened tickets", "tickets opened")
    ),
    "campaign_messages_sent": Figure("messages", words=("campaign messages", "campaign volume")),
    "conversions": Figure("conversions"),
    "purchases": Figure("purchases", words=("orders", "sales", "number of orders")),
    "searches": Figure("searches", words=("search queries",)),
    "credits_purchased": Figure("credits", words=("credits bought", "bought credits", "purchased credits")),
    "credits_used": Figure("credits", words=("used credits", "credits spent")),
    "revenue": Figure("", "currency", ("turnover", "income", "money earned")),
    "ai_cost": Figure("", "currency", ("cost of ai", "ai spend", "ai spending", "cost of models")),
    "ai_calls": Figure("calls", words=("calls of models", "model calls", "llm calls")),
    "ai_tokens": Figure("tokens", words=("tokens", "tokens used", "llm tokens")),
    "integration_calls": Figure("calls", "integration", ("calls to integrations", "third party calls")),
    "integration_failures": Figure("calls", "integration", ("failed integration calls", "failures of integrations")),
    "integration_success_rate": Figure(PERCENT, "integration", ("success rate of integrations",)),
    "integration_response_ms": Figure(
        MS, "integration", ("integration response time", "integration latency", "response time of integrations")
    ),
    "active_users": Figure(
        "people", words=("users", "people", "visitors", "unique users", "users online", "people online", "online")
    ),
    "log_lines": Figure("lines", "level", ("log volume", "number of log lines", "logged lines")),
    "system_cpu_usage": Figure(PERCENT, "host", ("cpu", "cpu usage", "cpu load", "processor usage")),
    "system_memory_usage": Figure(PERCENT, "host", ("memory", "memory usage", "ram", "ram usage")),
    "system_disk_usage": Figure(PERCENT, "host", ("disk", "disk usage", "disk space")),
    "network_receive_bytes_per_second": Figure("bytes/s", "host", ("network in", "network received", "incoming bytes")),
    "network_transmit_bytes_per_second": Figure("bytes/s", "host", ("network out", "network sent", "outgoing bytes")),
    "database_connections": Figure("connections", "database", ("db connections", "connections of databases")),
}
