"""What happens around every call: who it is for, how long it may take, how it is told when it fails."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Any, TypeVar

import grpc
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from services.core.errors import (
    BinnacleError,
    DeadlineExceeded,
    InvalidInput,
    Overloaded,
    Unauthenticated,
    Unavailable,
)
from services.core.waiting import wait_for_nothing
from services.runtime.auditing import Auditor
from services.runtime.calls import ASIDE_KEY, Call, Told, call_from, handling, tenant_of
from services.runtime.gates import Gate
from services.runtime.process import Process
from services.runtime.roles import PEER, Role
from services.runtime.statuses import DETAILS_KEY, internal_status, status_from

LONGEST_UNARY_SECONDS = 30.0
# How long a stream outlives its credential: whoever can tell its client so in words does it before.
EXPIRY_SECONDS = 10.0
# Served by libraries, to peers that carry no tenant.
FOREIGN_PREFIXES = ("/grpc.",)
RETRY_AFTER_KEY = "retry-after"
# The edge leaves it on what it made of a REST request.
REST_KEY = "x-envoy-original-path"
CODES = {code.value[0]: code for code in grpc.StatusCode}

Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Any]]
Handler = Callable[[Any, Any], Any]
Parse = Callable[[Any], Any]
Message = TypeVar("Message")


class ServerInterceptor(grpc.aio.ServerInterceptor):
    """Wraps each of our handlers: access, call, deadline, error mapping, metrics, log of faults.

    `roles` are what calls need, by method.
    """

    def __init__(self, process: Process, roles: Mapping[str, Role], gate: Gate, auditor: Auditor | None = None) -> None:
        self._log = process.log
        self._metrics = process.calls
        self._access = process.access
        self._clock = process.clock
        self._roles = roles
        self._gate = gate
        self._auditor = auditor
        self._under_way = process.under_way

    async def intercept_service(self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails) -> Any:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith(FOREIGN_PREFIXES):
            return handler
        role = self._roles.get(method, PEER)
        if self._auditor is not None and method in self._auditor.methods:
            handler = self._auditor.audited(method, handler)
        # Requests are parsed within the wrapped handler: what cannot be parsed is the caller's fault, not ours.
        parse = _parser(handler.request_deserializer)
        if handler.unary_unary:
            behaviour = self._unary(method, role, handler.unary_unary, parse)
            return grpc.unary_unary_rpc_method_handler(behaviour, None, handler.response_serializer)
        if handler.unary_stream:
            behaviour = self._stream(method, role, handler.unary_stream, parse)
            return grpc.unary_stream_rpc_method_handler(behaviour, None, handler.response_serializer)
        if handler.stream_stream:
            behaviour = self._stream(method, role, handler.stream_stream, lambda requests: _parsed(requests, parse))
            return grpc.stream_stream_rpc_method_handler(behaviour, None, handler.response_serializer)
        raise NotImplementedError(f"{method} takes a stream and gives one answer, which nobody guards")

    def _unary(self, method: str, role: Role, inner: Handler, parse: Parse) -> Handler:
        async def handle(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            told = dict(context.invocation_metadata() or ())
            tenant = tenant_of(told)
            # Refused at once, a request costs a fraction of one that is handled: that is what keeps an overloaded
            # process serving.
            refusal = self._access.refusal(told, role) or self._gate.refusal(tenant, method, len(request))
            if refusal is not None:
                self._metrics.took(method, await self._refuse(context, refusal), 0.0)
                return None
            async with self._around(method, context, told, LONGEST_UNARY_SECONDS):
                with self._gate.entered(tenant, method, len(request)):
                    return await inner(parse(request), context)

        return handle

    def _stream(self, method: str, role: Role, inner: Handler, parse: Parse) -> Handler:
        async def handle(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            told = dict(context.invocation_metadata() or ())
            if (refusal := self._access.refusal(told, role)) is not None:
                self._metrics.took(method, await self._refuse(context, refusal), 0.0)
                return
            async with self._around(method, context, told, None):
                async for message in inner(parse(request), context):
                    yield message

        return handle

    @asynccontextmanager
    async def _around(
        self, method: str, context: grpc.aio.ServicerContext[Any, Any], told: Told, longest: float | None
    ) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        code = "OK"
        call = call_from(told, _deadline(context, started, longest))
        if ASIDE_KEY in told:
            # Each call is handled in a task, and so a context, of its own.
            wait_for_nothing()
        end, ended = (call.deadline, _late) if longest is not None else self._end(call, started)

        def refuse(reason: BinnacleError) -> None:
            nonlocal ended
            if not limit.expired():
                ended = partial(_as_it_is, reason)
                limit.reschedule(started)

        watched = nullcontext() if longest is not None else self._access.watched(told, call, refuse)
        try:
            with handling(call):
                try:
                    async with asyncio.timeout_at(end) as limit:
                        self._under_way.add(refuse)
                        try:
                            with watched:
                                yield
                        finally:
                            self._under_way.discard(refuse)
                except TimeoutError as late:
                    raise ended() from late
        except BinnacleError as error:
            code = await self._refuse(context, error)
        except (asyncio.CancelledError, GeneratorExit):
            code = "CANCELLED"
            raise
        except grpc.aio.AbortError:
            code = "ABORTED"
            raise
        except Exception:
            code = "INTERNAL"
            self._log.exception("call failed", method=method, request_id=call.request_id)
            await _answer(context, internal_status(call.request_id))
        finally:
            self._metrics.took(method, code, loop.time() - started)

    def _end(self, call: Call, now: float) -> tuple[float | None, Callable[[], BinnacleError]]:
        """When a stream is ended, in seconds of the event loop, and why."""
        if call.expires is not None:
            expiry = now + call.expires - self._clock.now() + EXPIRY_SECONDS
            if call.deadline is None or expiry < call.deadline:
                return expiry, _expired
        return call.deadline, _late

    async def _refuse(self, context: grpc.aio.ServicerContext[Any, Any], error: BinnacleError) -> str:
        """Answer with an error; the name of its status code."""
        status = status_from(error)
        await self._tell_when_to_retry(context, error)
        return await _answer(context, status)

    async def _tell_when_to_retry(self, context: grpc.aio.ServicerContext[Any, Any], error: BinnacleError) -> None:
        """Send Retry-After for clients that speak REST; in whole seconds, at least one."""
        if not isinstance(error, Overloaded | Unavailable) or not _is_rest(context):
            return
        with contextlib.suppress(RuntimeError, grpc.aio.UsageError):  # A stream may have begun to answer.
            await context.send_initial_metadata(((RETRY_AFTER_KEY, str(max(1, math.ceil(error.retry_after)))),))


def _deadline(context: grpc.aio.ServicerContext[Any, Any], now: float, longest: float | None) -> float | None:
    allowed = [seconds for seconds in (context.time_remaining(), longest) if seconds is not None]
    return now + min(allowed) if allowed else None


def _as_it_is(error: BinnacleError) -> BinnacleError:
    return error


def _late() -> BinnacleError:
    return DeadlineExceeded("the call took longer than its deadline")


def _expired() -> BinnacleError:
    return Unauthenticated("the token has expired; come back with another")


async def _answer(context: grpc.aio.ServicerContext[Any, Any], status: status_pb2.Status) -> str:
    """End the call with a status; the name of its code.

    Aborting costs half as much again as setting the status, which is sent once the handler returns. But then an empty
    message goes before it, which the edge would make the answer of a REST request.
    """
    code = CODES[status.code]
    trailing = ((DETAILS_KEY, status.SerializeToString()),)
    if _is_rest(context):
        with contextlib.suppress(grpc.aio.AbortError):
            await context.abort(code, status.message, trailing)
    else:
        context.set_code(code)
        context.set_details(status.message)
        context.set_trailing_metadata(trailing)
    return code.name


def _is_rest(context: grpc.aio.ServicerContext[Any, Any]) -> bool:
    return any(key == REST_KEY for key, _value in context.invocation_metadata() or ())


def parsed(deserialize: Callable[[bytes], Message], raw: bytes) -> Message:
    """A request from its bytes. Raises InvalidInput."""
    try:
        return deserialize(raw)
    except DecodeError as broken:
        raise InvalidInput.of("", "the message is not valid protobuf of this request's type") from broken


def _parser(deserialize: Callable[[bytes], Any] | None) -> Parse:
    return (lambda raw: raw) if deserialize is None else (lambda raw: parsed(deserialize, raw))


async def _parsed(requests: AsyncIterator[bytes], parse: Parse) -> AsyncIterator[Any]:
    async for raw in requests:
        yield parse(raw)
