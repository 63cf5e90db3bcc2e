"""The made-up world's fixed parts: services, endpoints, goods, partners."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A way into a service. Latency is log-normal: `median` ms, `spread` its sigma, with a tail now and then.

    `story` names what else happens when a request succeeds; `weight` is its share of all requests.
    """

    service: str
    method: str
    path: str
    weight: float
    median: float
    spread: float = 0.45
    failing: float = 0.003
    story: str = ""


ENDPOINTS: Final = (
    Endpoint("frontend", "GET", "/", 9, 38, story="home"),
    Endpoint("frontend", "GET", "/products", 8, 46, story="listing"),
    Endpoint("frontend", "GET", "/account", 2, 52, story="account"),
    Endpoint("gateway", "GET", "/api/session", 8, 6, 0.35, 0.001),
    Endpoint("gateway", "POST", "/api/token", 3, 14, 0.4, 0.001, "login"),
    Endpoint("productcatalog", "GET", "/products/{id}", 12, 17, story="product"),
    Endpoint("productcatalog", "GET", "/categories", 4, 11, 0.3),
    Endpoint("productcatalog", "PUT", "/inventory/{id}", 1.5, 34, story="inventory"),
    Endpoint("search", "GET", "/search", 7, 62, 0.7, 0.004, "search"),
    Endpoint("search", "GET", "/suggest", 6, 21, 0.5),
    Endpoint("recommendations", "GET", "/recommendations", 5, 41, 0.6),
    Endpoint("cart", "POST", "/cart/items", 4, 19, story="cart"),
    Endpoint("cart", "GET", "/cart", 3, 12),
    Endpoint("checkout", "POST", "/checkout", 2, 180, 0.5, 0.008, "purchase"),
    Endpoint("checkout", "GET", "/orders/{id}", 2, 33),
    Endpoint("payments", "POST", "/payments", 2, 240, 0.6, 0.01, "payment"),
    Endpoint("payments", "POST", "/credits", 0.8, 210, 0.5, 0.008, "credits"),
    Endpoint("accounts", "POST", "/sessions", 2, 58, 0.4, 0.002, "login"),
    Endpoint("accounts", "GET", "/users/{id}", 4, 9, 0.3),
    Endpoint("messaging", "POST", "/messages", 7, 26, 0.5, 0.005, "sent"),
    Endpoint("messaging", "POST", "/webhooks/inbound", 6, 15, 0.4, 0.002, "received"),
    Endpoint("messaging", "POST", "/conversations", 1.2, 31, 0.4, 0.003, "conversation"),
    Endpoint("campaigns", "GET", "/campaigns", 1.5, 44),
    Endpoint("campaigns", "POST", "/campaigns/{id}/deliveries", 2, 90, 0.6, 0.006, "campaign"),
    Endpoint("assistant", "POST", "/completions", 3, 850, 0.55, 0.012, "ai"),
    Endpoint("integrations", "POST", "/erp/sync", 1.5, 320, 0.8, 0.015, "erp"),
    Endpoint("integrations", "POST", "/calls", 2.5, 160, 0.7, 0.012, "integration"),
    Endpoint("support", "POST", "/tickets", 0.8, 47, 0.4, 0.003, "ticket"),
)
SERVICES: Final = tuple(dict.fromkeys(endpoint.service for endpoint in ENDPOINTS))

# Tells its traffic as metrics instead of events, as a service might that counts for itself.
COUNTS_FOR_ITSELF: Final = "recommendations"

# Who waits for whom: a trouble below is felt above.
WAITS_FOR: Final = {
    "checkout": "payments",
    "frontend": "gateway",
    "search": "productcatalog",
    "campaigns": "messaging",
    "support": "assistant",
}
# Where services keep things.
STORES: Final = {
    "checkout": "orders-db",
    "payments": "orders-db",
    "accounts": "accounts-db",
    "gateway": "accounts-db",
    "messaging": "messages-db",
    "productcatalog": "orders-db",
}
# Whose troubles make a good story.
FRAGILE: Final = ("payments", "search", "assistant", "messaging", "productcatalog", "integrations")

PRODUCTS: Final = (
    ("OLJCESPC7Z", "Sunglasses", "accessories", 19.99),
    ("66VCHSJNUP", "Tank Top", "clothing", 18.99),
    ("1YMWWN1N4O", "Watch", "accessories", 109.99),
    ("L9ECAV7KIM", "Loafers", "footwear", 89.99),
    ("2ZYFJ3GM2N", "Hairdryer", "beauty", 24.99),
    ("0PUK6V6EV0", "Candle Holder", "home", 18.99),
    ("LS4PSXUNUM", "Salt and Pepper Shakers", "kitchen", 18.49),
    ("9SIQT8TOJO", "Bamboo Glass Jar", "kitchen", 5.49),
    ("6E92ZMYYFZ", "Mug", "kitchen", 8.99),
    ("HQTGWGPNH4", "Desk Lamp", "home", 46.0),
)
QUERIES: Final = ("lamp", "gift", "mug", "watch", "summer", "shoes", "jar", "sunglasses", "hairdryer", "sale")
FEATURES: Final = ("wishlist", "compare", "voice_search", "export", "templates", "autoreply", "segments", "guidance")
CURRENCIES: Final = ("USD", "USD", "USD", "EUR", "BRL")
COUNTRIES: Final = ("US", "US", "DE", "BR", "BR", "IN", "GB")

CAMPAIGNS: Final = ("spring-sale", "welcome", "win-back", "newsletter", "black-friday-preview")
ISSUES: Final = ("late delivery", "refund", "wrong size", "cannot log in", "invoice missing")
MESSAGES: Final = ("Where is my order?", "Thank you!", "Do you ship abroad?", "I would like a refund", "Good morning")
PROMPTS: Final = ("summarise the conversation", "suggest an answer", "translate to Portuguese", "classify the request")
ERPS: Final = (("SAP", "/orders"), ("TOTVS", "/invoices"), ("Omie", "/stock"))
PARTNERS: Final = (
    ("OpenAI", "/v1/chat/completions"),
    ("ElevenLabs", "/v1/text-to-speech"),
    ("Stripe", "/v1/charges"),
    ("SendGrid", "/v3/mail/send"),
)
# How partners fail.
FAILURES: Final = ("timeout", "timeout", "rate_limited", "connection_refused", "http_500")

TEAMS: Final = ("sales", "support", "billing")
AGENTS: Final = tuple(f"agent-{team}-{number}" for team in TEAMS for number in (1, 2))
ACTIVE_AGENTS: Final = {"sales": 102, "support": 95, "billing": 50}

# Models: name, provider, price of a thousand tokens in dollars.
MODELS: Final = (("small", "OpenAI", 0.0006), ("small", "OpenAI", 0.0006), ("large", "OpenAI", 0.01),
                 ("swift", "Anthropic", 0.004))  # fmt: skip
# What is bought at once: credits and their price. Newcomers are given some.
CREDIT_PACKS: Final = ((50, 9.0), (100, 16.0), (500, 70.0))
WELCOME_CREDITS: Final = 25
DEVICES: Final = ("phone", "phone", "laptop", "tablet")
BROWSERS: Final = ("Firefox", "Chrome", "Chrome", "Safari")
REFERRERS: Final = ("search", "newsletter", "direct", "direct", "social")

# Databases and the connections that are usually open to them.
DATABASES: Final = {"orders": 24, "accounts": 14, "messages": 31}

# Who changes which settings, and to what.
OPERATORS: Final = ("ann", "bruno", "chidi")
SETTINGS: Final = (
    ("timeout_ms", (500, 800, 1200, 2000)),
    ("pool_size", (8, 16, 24, 32)),
    ("cache_seconds", (0, 30, 60, 300)),
    ("new_checkout", ("off", "10 percent", "on")),
)
