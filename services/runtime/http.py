"""HTTP beside gRPC: listeners, and errors as the edge tells those of gRPC to clients that speak JSON."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import grpc
import msgspec
from aiohttp import web
from google.protobuf.duration_pb2 import Duration

from services.core.errors import BinnacleError, InvalidInput, NotFound, Overloaded, Unavailable
from services.runtime.interceptors import RETRY_AFTER_KEY
from services.runtime.statuses import DOMAIN, told

JSON = "application/json"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DETAIL = "type.googleapis.com/google.rpc."
# As the edge has it for gRPC's codes.
HTTP_STATUSES: Mapping[grpc.StatusCode, HTTPStatus] = {
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.ABORTED: HTTPStatus.CONFLICT,
    grpc.StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    grpc.StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    grpc.StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    grpc.StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
}

# A thousand browsers come back at once when a streamer starts anew; more than the kernel allows is cut to that.
BACKLOG = 4096

encode = msgspec.json.Encoder().encode


def answer(body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer of JSON."""
    return web.Response(body=encode(body), status=status, headers=headers, content_type=JSON)


def refusal(error: BinnacleError, status: HTTPStatus | None = None) -> web.Response:
    """The answer that tells an error, as JSON of google.rpc.Status; `status` where its code has another one."""
    code, reason = told(error)
    headers = None
    if isinstance(error, Overloaded | Unavailable):
        headers = {RETRY_AFTER_KEY: str(max(1, math.ceil(error.retry_after)))}
    body = {"code": code.value[0], "message": str(error), "details": _details(error, reason)}
    return answer(body, status or HTTP_STATUSES[code], headers)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the refusals of aiohttp itself as all others."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return refusal(NotFound("there is no such path"))
    except web.HTTPMethodNotAllowed as refused:
        methods = ", ".join(sorted(refused.allowed_methods))
        told = refusal(
            InvalidInput.of("", f"{request.method} is not for this path, but {methods}"), HTTPStatus.METHOD_NOT_ALLOWED
        )
        told.headers["allow"] = methods
        return told
    except web.HTTPRequestEntityTooLarge:
        return refusal(InvalidInput.of("", "the body is too large: send less"), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def fault(request_id: str) -> web.Response:
    """The answer to a fault of ours: the request id to look for in the log, and nothing else."""
    info = {**_info("INTERNAL"), "metadata": {"request_id": request_id}}
    message = f"internal error; the log has it under {request_id}"
    code = grpc.StatusCode.INTERNAL.value[0]
    return answer({"code": code, "message": message, "details": [info]}, HTTPStatus.INTERNAL_SERVER_ERROR)


def _info(reason: str) -> dict[str, Any]:
    return {"@type": f"{DETAIL}ErrorInfo", "reason": reason, "domain": DOMAIN, "metadata": {}}


def _details(error: BinnacleError, reason: str) -> list[dict[str, Any]]:
    details = [_info(reason)]
    if isinstance(error, InvalidInput):
        fields = [{"field": v.field, "description": v.description, "reason": ""} for v in error.violations]
        details.append({"@type": f"{DETAIL}BadRequest", "field_violations": fields})
    if isinstance(error, Overloaded | Unavailable):
        delay = Duration()
        delay.FromNanoseconds(int(error.retry_after * 1e9))
        details.append({"@type": f"{DETAIL}RetryInfo", "retry_delay": delay.ToJsonString()})
    return details


@asynccontextmanager
async def listening(runner: web.BaseRunner, address: str) -> AsyncIterator[None]:
    """Listen at `unix:/path` or `host:port` for the length of the block. Raises Unavailable when that is taken."""
    await runner.setup()
    try:
        try:
            await _site(runner, address).start()
        except OSError as refused:
            raise Unavailable(f"cannot listen on {address}: {refused}") from refused
        yield
    finally:
        await runner.cleanup()


def _site(runner: web.BaseRunner, address: str) -> web.BaseSite:
    kind, _colon, path = address.partition(":")
    if kind == "unix":
        # Left by a process that was killed; nobody can be listening there, since the launcher gives each its own.
        Path(path).unlink(missing_ok=True)
        return web.UnixSite(runner, path, backlog=BACKLOG)
    host, _colon, port = address.rpartition(":")
    return web.TCPSite(runner, host.strip("[]"), int(port), backlog=BACKLOG)
