"""Binnacle's Python client: metrics, events, logs and heartbeats, buffered and acknowledged.

    async with Client("127.0.0.1:8080") as binnacle:
        binnacle.events.write("purchase", {"order_id": "A-1", "total": 99.5, "currency": "EUR"}, service="checkout")
        binnacle.metrics.write("latency", 45.2, {"service": "catalogue", "endpoint": "/products"}, unit="ms")

`SyncClient` is the same for programs without an event loop. `Client.live` tells what happens, as it happens.
"""

from binnacle_client.blocking import SyncClient
from binnacle_client.client import Client
from binnacle_client.errors import (
    BinnacleError,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    Internal,
    InvalidInput,
    NotFound,
    Overloaded,
    Unauthenticated,
    Unavailable,
    Violation,
)
from binnacle_client.live import Live, LiveConnection, TokenSource
from binnacle_client.live_fold import Snapshot
from binnacle_client.live_state import LiveState
from binnacle_client.options import Delivery, Options, WriteResult
from binnacle_client.values import packed_columns, sample_columns

__all__ = [
    "BinnacleError",
    "Client",
    "Conflict",
    "DeadlineExceeded",
    "Delivery",
    "Forbidden",
    "Internal",
    "InvalidInput",
    "Live",
    "LiveConnection",
    "LiveState",
    "NotFound",
    "Options",
    "Overloaded",
    "Snapshot",
    "SyncClient",
    "TokenSource",
    "Unauthenticated",
    "Unavailable",
    "Violation",
    "WriteResult",
    "packed_columns",
    "sample_columns",
]
