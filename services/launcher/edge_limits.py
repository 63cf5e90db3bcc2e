"""How many requests a second the edge lets through, and what it says to those who send more."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from services.launcher.failures import LauncherError

REFUSED = "more requests than this address, tenant or key may send (x-ratelimit-limit says how many a second)"
_SETTINGS = {
    "address": "BINNACLE_EDGE_ADDRESS_REQUESTS_PER_SECOND",
    "tenant": "BINNACLE_EDGE_TENANT_REQUESTS_PER_SECOND",
    "key": "BINNACLE_EDGE_KEY_REQUESTS_PER_SECOND",
    "burst_seconds": "BINNACLE_EDGE_BURST_SECONDS",
}
_SHARED = "BINNACLE_EDGE_LIMITS_SHARED"
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class EdgeLimits:
    """Requests a second of an address before its credential is looked at, of a tenant and of one of its keys after.

    Who was quiet may send what `burst_seconds` bring at once. `shared` where several edges serve the same tenants: then
    the aggregator counts for all of them.
    """

    address: int = 10_000
    tenant: int = 10_000
    key: int = 5_000
    burst_seconds: int = 2
    shared: bool = False

    @classmethod
    def told(cls, environment: Mapping[str, str] = os.environ) -> "EdgeLimits":
        """As the environment says. Raises LauncherError for a number that is none."""
        numbers = {
            field: _number(name, environment[name]) for field, name in _SETTINGS.items() if environment.get(name)
        }
        return cls(**numbers, shared=environment.get(_SHARED, "").lower() in ("1", "true", "yes", "on"))

    def bucket(self, rate: int) -> dict[str, object]:
        """A bucket of Envoy that fills by `rate` a second."""
        return {"max_tokens": rate * self.burst_seconds, "tokens_per_fill": rate, "fill_interval": "1s"}


def _number(name: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise LauncherError(f"{name}={text} must be a whole number between 1 and {_MOST:,}.")
    return int(text)


def grpc_details() -> str:
    """What a gRPC client is told beside RESOURCE_EXHAUSTED: buckets fill every second."""
    retry = RetryInfo()
    retry.retry_delay.FromSeconds(1)
    details = [_packed(ErrorInfo(reason="OVERLOADED", domain="binnacle")), _packed(retry)]
    status = Status(code=code_pb2.RESOURCE_EXHAUSTED, message=REFUSED, details=details)
    return base64.b64encode(status.SerializeToString()).decode().rstrip("=")


def _packed(message: Message) -> Packed:
    packed = Packed()
    packed.Pack(message)
    return packed
