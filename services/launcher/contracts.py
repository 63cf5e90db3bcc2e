"""What the contracts say about the edge: which services are public, who serves them, which calls are streams."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet, ServiceDescriptorProto

from services.runtime.roles import is_internal

PACKAGE = "binnacle."


@dataclass(frozen=True, slots=True)
class PublicService:
    """A service that clients may call: its full name, the process that serves it, its streaming methods."""

    name: str
    process: str
    streams: tuple[str, ...]


def public_services(descriptors: bytes) -> list[PublicService]:
    """All public services of a serialised FileDescriptorSet, by name."""
    files = FileDescriptorSet.FromString(descriptors).file
    found = [
        _public(file, service)
        for file in files
        if file.package.startswith(PACKAGE)
        for service in file.service
        if not is_internal(method.options for method in service.method)
    ]
    return sorted(found, key=lambda service: service.name)


def _public(file: FileDescriptorProto, service: ServiceDescriptorProto) -> PublicService:
    return PublicService(
        name=f"{file.package}.{service.name}",
        process=file.package.split(".")[1],
        streams=tuple(_streams(service)),
    )


def _streams(service: ServiceDescriptorProto) -> Iterator[str]:
    for method in service.method:
        if method.client_streaming or method.server_streaming:
            yield method.name
