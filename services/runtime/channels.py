"""Channels to peers: every call carries tenant, request id and a deadline."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc

from services.core.waiting import is_waited_for
from services.runtime.calls import ASIDE_KEY, CALLER_KEY, call_or_none, outgoing_metadata

UNARY_SECONDS = 10.0
# Kept back from the caller's deadline, so that there is time to say which hop was late.
RESERVE_SECONDS = 0.05
# The rules of a tenant's files, as they are recorded, are the largest; what may come from outside is bounded by gates.
MAX_MESSAGE_BYTES = 32 * 1024 * 1024

OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # The least that a connection is given to come about, also on a busy machine; whoever refuses does so at once.
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Peers on one machine are often started together; one that was refused must not stay so in a shared cache.
    ("grpc.use_local_subchannel_pool", 1),
)


def open_channel(target: str, secret: str = "") -> grpc.aio.Channel:
    """A channel to `target` (`unix:/path` or `host:port`), whose server knows this process by `secret`."""
    interceptors: list[grpc.aio.ClientInterceptor] = [_Unary(secret), _Stream(secret), _Duplex(secret)]
    return grpc.aio.insecure_channel(target, options=OPTIONS, interceptors=interceptors)


class _Introducing:
    def __init__(self, secret: str) -> None:
        self._secret = secret

    def _details(
        self, details: grpc.aio.ClientCallDetails, default_seconds: float | None
    ) -> grpc.aio.ClientCallDetails:
        call = call_or_none()
        metadata = grpc.aio.Metadata(*(details.metadata or ()))
        if self._secret:
            metadata.add(CALLER_KEY, self._secret)
        if not is_waited_for():
            metadata.add(ASIDE_KEY, "1")
        timeout = details.timeout if details.timeout is not None else default_seconds
        if call is not None:
            for key, value in outgoing_metadata(call):
                metadata.add(key, value)
            if call.deadline is not None and default_seconds is not None:
                left = max(call.deadline - asyncio.get_running_loop().time() - RESERVE_SECONDS, 0.001)
                timeout = min(timeout or left, left)
        return grpc.aio.ClientCallDetails(
            details.method, timeout, metadata, details.credentials, details.wait_for_ready
        )


class _Unary(_Introducing, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        return await continuation(self._details(client_call_details, UNARY_SECONDS), request)


class _Stream(_Introducing, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        return await continuation(self._details(client_call_details, None), request)


class _Duplex(_Introducing, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request_iterator: Any
    ) -> Any:
        return await continuation(self._details(client_call_details, None), request_iterator)
