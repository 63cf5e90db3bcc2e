"""Asking a process whether it is ready. A probe returns or says no by raising NotReady; it never waits long."""

import asyncio
from collections.abc import Awaitable, Callable

ASK_SECONDS = 1.0
NOBODY_THERE = "it does not listen yet"
SILENT = "it does not answer"

Probe = Callable[[], Awaitable[None]]


class NotReady(Exception):
    """Not now; ask again."""


def grpc_probe(target: str) -> Probe:
    """Ready when `grpc.health.v1` of the process at `target` says so."""

    async def ask() -> None:
        # Imported while the children start, so that it costs no time of its own.
        import grpc
        from grpc_health.v1 import health_pb2

        # A fresh connection each time: a refused one is not tried again for a while.
        options = (("grpc.use_local_subchannel_pool", 1),)
        async with grpc.aio.insecure_channel(target, options=options) as channel:
            check = channel.unary_unary(
                "/grpc.health.v1.Health/Check",
                request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                response_deserializer=health_pb2.HealthCheckResponse.FromString,
            )
            try:
                answer = await check(health_pb2.HealthCheckRequest(), timeout=ASK_SECONDS)
            except grpc.aio.AioRpcError as error:
                known = {grpc.StatusCode.UNAVAILABLE: NOBODY_THERE, grpc.StatusCode.DEADLINE_EXCEEDED: SILENT}
                raise NotReady(known.get(error.code()) or error.details() or error.code().name) from error
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise NotReady("it is not ready")

    return ask


def redis_probe(path: str) -> Probe:
    """Ready when Redis at this unix socket answers a PING."""

    async def ask() -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                reader, writer = await asyncio.open_unix_connection(path)
                try:
                    writer.write(b"PING\r\n")
                    answer = await reader.readline()
                finally:
                    writer.close()
        except (FileNotFoundError, ConnectionError) as error:
            raise NotReady(NOBODY_THERE) from error
        except OSError as error:
            raise NotReady(str(error) or SILENT) from error
        if not answer.startswith(b"+PONG"):
            raise NotReady(answer.decode(errors="replace").strip() or "it closed the connection")

    return ask
