"""One server builder for all services: health, reflection, telemetry, errors and metrics cannot be forgotten."""

from collections.abc import Sequence

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from services.core.errors import Unavailable
from services.runtime import telemetry
from services.runtime.auditing import Auditor, audited_methods
from services.runtime.channels import MAX_MESSAGE_BYTES
from services.runtime.config import ServiceConfig
from services.runtime.gates import OpenGate
from services.runtime.interceptors import ServerInterceptor
from services.runtime.process import Process, Registration, Wired

MAX_METADATA_BYTES = 96 * 1024
OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # What the edge lets through, with what HTTP/2 counts for each header.
    ("grpc.max_metadata_size", MAX_METADATA_BYTES),
    ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
)


def _auditor(wired: Wired, registrations: Sequence[Registration]) -> Auditor | None:
    if wired.recorder is None:
        return None
    own = (registration.name for registration in registrations if registration.role is None)
    return Auditor(wired.recorder, audited_methods(own))


def build_server(
    config: ServiceConfig, process: Process, wired: Wired, health_servicer: HealthServicer
) -> grpc.aio.Server:
    """A server with everything registered, bound to `config.listen`. Raises Unavailable when the address is taken."""
    registrations = [*wired.registrations, telemetry.registration(config, process)]
    roles = {method: role for registration in registrations for method, role in registration.roles().items()}
    interceptor = ServerInterceptor(process, roles, wired.gate or OpenGate(), _auditor(wired, registrations))
    server = grpc.aio.server(interceptors=[interceptor], options=OPTIONS)
    for registration in registrations:
        registration.add(registration.servicer, server)
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    names = wired.reflected if wired.reflected is not None else [registration.name for registration in registrations]
    reflection.enable_server_reflection(
        [*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server, pool=descriptor_pool.Default()
    )
    try:
        server.add_insecure_port(config.listen)
    except RuntimeError as refused:
        raise Unavailable(f"cannot listen on {config.listen}: {refused}") from refused
    return server
