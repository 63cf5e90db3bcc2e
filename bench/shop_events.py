"""Events of a shop over a day: twenty a session, of ten types, in the order they happen."""

import time
from collections.abc import Iterator, Mapping

import numpy as np

from bench.workload import SEED
from binnacle.events.v1.events_pb2 import Event

EVENTS_A_REQUEST = 1_000
EVENTS_A_SESSION = 20
PEOPLE = 100_000
SPAN_MS = 23 * 3_600_000
# What a session does, event by event.
_STEPS: tuple[tuple[str, str, Mapping[str, str | int | float | bool]], ...] = (
    ("page_view", "frontend", {"page": "/"}),
    ("request", "gateway", {"endpoint": "/", "status_code": 200}),
    ("request", "search", {"endpoint": "/search", "status_code": 200}),
    ("search", "search", {"query": "lamp", "results_count": 12}),
    ("page_view", "frontend", {"page": "/search"}),
    ("request", "productcatalog", {"endpoint": "/products/{id}", "status_code": 200}),
    ("product_view", "frontend", {"product_id": "product-1"}),
    ("page_view", "frontend", {"page": "/products"}),
    ("request", "recommendations", {"endpoint": "/recommendations", "status_code": 200}),
    ("feature_used", "frontend", {"feature": "recommendations"}),
    ("request", "cart", {"endpoint": "/cart", "status_code": 200}),
    ("cart_add", "cart", {"product_id": "product-1"}),
    ("request", "checkout", {"endpoint": "/checkout", "status_code": 200}),
    ("request", "payments", {"endpoint": "/charge", "status_code": 201}),
    ("integration_call", "payments", {"provider": "Stripe", "endpoint": "/charges", "success": True}),
    ("purchase", "checkout", {"total": 42.5, "currency": "EUR"}),
    ("MessageSent", "messaging", {"status": "delivered", "to": "customer", "conversation_id": "conversation-1"}),
    ("AIInteraction", "assistant", {"tokens": 300, "model": "small", "provider": "OpenAI", "latency_ms": 240}),
    ("request", "accounts", {"endpoint": "/me", "status_code": 500}),
    ("error", "accounts", {"error_type": "Timeout", "message": "no answer within 2 s"}),
)


def requests(count: int) -> Iterator[list[Event]]:
    """`count` events, a thousand a time, from 23 hours ago until now. A list is filled anew for the next one."""
    rng = np.random.default_rng(SEED)
    batch = [_event(number % EVENTS_A_SESSION) for number in range(EVENTS_A_REQUEST)]
    start = int(time.time() * 1e3) - SPAN_MS
    for first in range(0, count, EVENTS_A_REQUEST):
        latencies = np.round(rng.lognormal(3.5, 0.6, EVENTS_A_REQUEST), 2).tolist()
        for number, (event, latency) in enumerate(zip(batch, latencies, strict=True)):
            session = (first + number) // EVENTS_A_SESSION
            event.time.FromMilliseconds(start + (first + number) * SPAN_MS // count)
            event.session_id, event.user_id = f"shop-{session}", f"shopper-{session * 7919 % PEOPLE}"
            if event.type in ("request", "integration_call"):
                event.data["latency_ms"] = latency
        yield batch


def _event(step: int) -> Event:
    kind, service, data = _STEPS[step]
    event = Event(type=kind, service=service)
    event.data.update(data)
    return event
