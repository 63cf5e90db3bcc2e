"""What the numbers are made of: names of metrics and events, and the windows figures look back over.

docs/conventions.md explains each; this module is where the code takes them from.
"""

from typing import Final

# Metrics that count as traffic of a service.
REQUESTS: Final = "requests"
ERRORS: Final = "errors"
LATENCY: Final = "latency"
TRAFFIC_METRICS: Final = (REQUESTS, ERRORS, LATENCY)

# OpenTelemetry's histograms of how long a server took; each value is a request.
DURATION_METRICS: Final = (
    "http.server.request.duration",
    "http.server.duration",
    "rpc.server.call.duration",
    "rpc.server.duration",
)

# What rules may ask for as if it were a metric: traffic of each service and endpoint, second by second, as figures
# count it, and its latency in milliseconds; and heartbeats.
TRAFFIC_REQUESTS: Final = "__requests__"
TRAFFIC_ERRORS: Final = "__errors__"
TRAFFIC_LATENCY: Final = "__latency__"
HEARTBEATS: Final = "__heartbeats__"

# The bits of the NaN that ends a series: Prometheus' staleness marker. It is kept, but never counted as a value.
STALE_BITS: Final = 0x7FF0_0000_0000_0002

# Labels that place a metric value.
SERVICE_LABEL: Final = "service"
ENDPOINT_LABEL: Final = "endpoint"
HOST_LABEL: Final = "host"
PROCESS_LABEL: Final = "process"
MOUNT_LABEL: Final = "mount"

# Events that count as traffic, and those that Binnacle records about itself.
REQUEST_EVENT: Final = "request"
ERROR_EVENT: Final = "error"
ALERT_EVENT: Final = "alert"
NOTIFICATION_EVENT: Final = "notification"

# Events that mark a change.
DEPLOY_EVENT: Final = "deploy"
CONFIG_CHANGE_EVENT: Final = "config_change"
CHANGE_EVENTS: Final = (DEPLOY_EVENT, CONFIG_CHANGE_EVENT)

# Events that are a call to the service of somebody else.
INTEGRATION_EVENTS: Final = ("integration_call", "ERPCall")

# What browsers tell.
PAGE_VIEW_EVENT: Final = "page_view"
PAGE_LOAD_TIME: Final = "page_load_time"
PAGE_LABEL: Final = "page"
FRONTEND: Final = "frontend"

# Metrics of which the newest value of each series counts.
ACTIVE_AGENTS: Final = "active_agents"
DATABASE_CONNECTIONS: Final = "database_connections"

# Metrics that are 0 when what they ask does not answer.
PROBES: Final = ("up", "probe_success")

# Attributes of a request event.
ENDPOINT_KEY: Final = "endpoint"
STATUS_CODE_KEY: Final = "status_code"
LATENCY_KEY: Final = "latency_ms"
FIRST_FAILING_STATUS: Final = 500

# Kinds of what sends heartbeats.
SERVICE_KIND: Final = "service"
AGENT_KIND: Final = "agent"

# Words for the state of a service.
HEALTHY: Final = "healthy"
DEGRADED: Final = "degraded"
UNHEALTHY: Final = "unhealthy"
STALE: Final = "stale"

# Windows, in seconds.
MINUTE: Final = 60
FIGURES_WINDOW: Final = 300
HEARTBEAT_STALE_AFTER: Final = 120

# Error rates, in percent, from which a service without heartbeats is called so.
DEGRADED_FROM_PERCENT: Final = 1.0
UNHEALTHY_FROM_PERCENT: Final = 5.0

# What the agent tells of a machine and of the suite's processes.
SYSTEM_CPU: Final = "system_cpu_percent"
SYSTEM_MEMORY: Final = "system_memory_percent"
SYSTEM_DISK: Final = "system_disk_percent"
SYSTEM_RECEIVE: Final = "system_network_receive_bytes_per_second"
SYSTEM_TRANSMIT: Final = "system_network_transmit_bytes_per_second"
PROCESS_CPU: Final = "process_cpu_percent"
PROCESS_MEMORY: Final = "process_memory_bytes"
MACHINE_METRICS: Final = (
    SYSTEM_CPU,
    SYSTEM_MEMORY,
    SYSTEM_DISK,
    SYSTEM_RECEIVE,
    SYSTEM_TRANSMIT,
    PROCESS_CPU,
    PROCESS_MEMORY,
)

# A session or a conversation is active for so long after its last sign, in seconds.
SESSION_ACTIVE_SECONDS: Final = 1_800

# Events that business figures are made of.
PURCHASE_EVENT: Final = "purchase"
CONVERSION_EVENT: Final = "conversion"
CREDITS_PURCHASED_EVENT: Final = "credits_purchased"
CREDITS_USED_EVENT: Final = "credits_used"
MESSAGE_SENT_EVENT: Final = "MessageSent"
MESSAGE_RECEIVED_EVENT: Final = "MessageReceived"
CONVERSATION_STARTED_EVENT: Final = "ConversationStarted"
TICKET_CREATED_EVENT: Final = "TicketCreated"
CAMPAIGN_UPDATE_EVENT: Final = "CampaignUpdate"
AI_EVENT: Final = "AIInteraction"
SEARCH_EVENTS: Final = ("search", "visual_search")
PRODUCT_VIEW_EVENT: Final = "product_view"
CART_ADD_EVENT: Final = "cart_add"
FEATURE_EVENT: Final = "feature_used"

# A metric whose increments are revenue; the label that names their currency.
REVENUE: Final = "revenue"
CURRENCY_LABEL: Final = "currency"
