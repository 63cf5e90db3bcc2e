"""The public services of the whole suite, for reflection: the edge sends every question about them here."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

import binnacle
from services.runtime.roles import is_internal

FOREIGN = (logs_service_pb2, metrics_service_pb2, trace_service_pb2)
CONTRACTS = "*_service_pb2.py"


def public_services() -> list[str]:
    """Full names, such as `binnacle.streamer.v1.DashboardService`."""
    ours = {
        service.full_name
        for contract in _contracts()
        for service in contract.DESCRIPTOR.services_by_name.values()
        if not is_internal(method.GetOptions() for method in service.methods)
    }
    foreign = {service.full_name for each in FOREIGN for service in each.DESCRIPTOR.services_by_name.values()}
    return sorted(ours | foreign)


def _contracts() -> Iterator[ModuleType]:
    """Every contract that was generated: one that is added is found by itself."""
    for root in map(Path, binnacle.__path__):
        for path in root.rglob(CONTRACTS):
            name = ".".join((binnacle.__name__, *path.relative_to(root).with_suffix("").parts))
            yield importlib.import_module(name)
