"""JSON over plain HTTP, as the edge hands it on: what the contract calls JsonIntakeService, at a quarter of its cost.

A call means the same here and there: tenant, gate, deadline, metrics and errors are those of every gRPC call.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Any

from aiohttp import web

from services.collector.convert import json_bodies
from services.collector.domain.intake import Outcome
from services.collector.domain.limits import TooLarge
from services.collector.service.batch_ids import IDEMPOTENCY_KEY, the_one
from services.collector.service.json_intake import JsonBody, Take
from services.core.errors import BinnacleError, DeadlineExceeded, InvalidInput, Violation
from services.runtime import http
from services.runtime.calls import call_from, handling
from services.runtime.gates import Gate
from services.runtime.health import Ready
from services.runtime.interceptors import LONGEST_UNARY_SECONDS
from services.runtime.process import Process
from services.runtime.roles import INGESTER
from services.runtime.statuses import told

HEALTH = "/health"
# The edge keeps connections for an hour; it must be the one that closes them, or a request meets a closed one.
KEEPALIVE_SECONDS = 3_700.0
SHUTDOWN_SECONDS = 1.0
# The edge has read them and takes longer ones than a server by itself would.
HEADER_BYTES = 65_536


class _Encoded(InvalidInput):
    """A body in an encoding that is not read here."""


_STATUSES: Mapping[type[BinnacleError], HTTPStatus] = {
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    _Encoded: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}


class HttpIntake:
    """Takes in bodies at the paths of `faces`; `ready` raises Unavailable while they should go elsewhere."""

    def __init__(self, faces: Mapping[str, tuple[str, Take]], gate: Gate, process: Process, ready: Ready) -> None:
        self._faces = faces
        self._gate = gate
        self._process = process
        self._ready = ready

    def listening(self, address: str) -> AbstractAsyncContextManager[None]:
        """Serve for the length of the block."""
        server = web.Server(
            self._handle,
            request_factory=_request,
            access_log=None,
            # A body is judged by its own bytes, as in every other face of the intake.
            auto_decompress=False,
            keepalive_timeout=KEEPALIVE_SECONDS,
            max_field_size=HEADER_BYTES,
            max_line_size=HEADER_BYTES,
        )
        return http.listening(web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS), address)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        method, take = self._faces.get(request.path, ("", None))
        if take is None or request.method != "POST":
            return await self._health() if request.path == HEALTH else web.Response(status=HTTPStatus.NOT_FOUND)
        loop = asyncio.get_running_loop()
        started, code = loop.time(), "OK"
        call = None
        try:
            # What points need, whatever they are.
            if (refusal := self._process.access.refusal(request.headers, INGESTER)) is not None:
                raise refusal
            call = call_from(request.headers)
            with handling(call):
                try:
                    async with asyncio.timeout(LONGEST_UNARY_SECONDS):
                        return _answer(await self._take(method, take, request, call.tenant))
                except TimeoutError as late:
                    raise DeadlineExceeded("the call took longer than its deadline") from late
        except BinnacleError as error:
            answer = http.refusal(error, _STATUSES.get(type(error)))
            code = told(error)[0].name
            return answer
        except asyncio.CancelledError:
            code = "CANCELLED"
            raise
        except Exception:
            code, request_id = "INTERNAL", call.request_id if call else ""
            self._process.log.exception("call failed", method=method, request_id=request_id)
            return http.fault(request_id)
        finally:
            self._process.calls.took(method, code, loop.time() - started)

    async def _take(self, method: str, take: Take, request: web.BaseRequest, tenant: str) -> Outcome:
        # Refused by its size alone, a request costs a fraction of one that is read.
        size = request.content_length or 0
        if (refused := self._gate.refusal(tenant, method, size)) is not None:
            raise refused
        if size > json_bodies.MAX_BYTES:
            raise _too_large()
        if request.query_string:
            raise InvalidInput([Violation(name, "is no parameter of this call") for name in request.query][:1])
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise _Encoded([Violation("content-encoding", "must be none: JSON is read as it is")])
        body = JsonBody(request.headers.get("content-type", ""), await _read(request), _name(request))
        with self._gate.entered(tenant, method, len(body.data)):
            return await take(tenant, body)

    async def _health(self) -> web.Response:
        try:
            await self._ready()
        except BinnacleError as error:
            return http.refusal(error)
        leaving = self._process.leaving.is_set()
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE if leaving else HTTPStatus.OK)


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: "asyncio.Task[None]") -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=json_bodies.MAX_BYTES)


async def _read(request: web.BaseRequest) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise _too_large() from error


def _too_large() -> TooLarge:
    return TooLarge([Violation("", f"the body is larger than {json_bodies.MAX_BYTES} bytes")])


def _name(request: web.BaseRequest) -> str:
    return the_one(request.headers.getall(IDEMPOTENCY_KEY, ()))


def _answer(outcome: Outcome) -> web.Response:
    refused = outcome.refused
    rejections = [{"field": fault.field, "description": fault.description} for fault in refused.first]
    return http.answer({"accepted": outcome.accepted, "rejected": refused.count, "rejections": rejections})
