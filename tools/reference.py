"""Makes docs/reference.md from the protos: every service, RPC, REST path, message and field with its comment."""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

from binnacle.options.v1 import options_pb2
from services.runtime.roles import role_of, word_of
from tools import copy_protos

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference.md"
OURS = "binnacle."

# Field numbers within descriptor.proto, of which a comment's path is made.
MESSAGES, ENUMS, SERVICES = 4, 5, 6
FIELDS, VALUES, METHODS = 2, 2, 2

HEAD = """# Reference

Made from the comments in `proto/` by `make gen`; every word of it is written there. REST paths are those of the edge.
After them stands the role that a caller needs (see [security](security.md)), and whether calls go into the audit log.
"""


class Comments:
    """The comments of one file by the path of what they belong to."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self._by_path = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}

    def of(self, *path: int) -> str:
        """The comment as one paragraph a paragraph."""
        paragraphs = self._by_path.get(path, "").split("\n\n")
        return "\n\n".join(" ".join(line.strip() for line in part.splitlines()).strip() for part in paragraphs)

    def cell(self, *path: int) -> str:
        """The comment as one table cell."""
        return self.of(*path).replace("\n\n", " ").replace("|", "\\|")


def described() -> list[FileDescriptorProto]:
    """Our files with their comments, by package and name."""
    copy_protos.main()
    command = [str(Path(sys.executable).with_name("buf")), "build", "--as-file-descriptor-set", "-o", "-#format=binpb"]
    raw = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    files = FileDescriptorSet.FromString(raw).file
    return sorted((file for file in files if file.package.startswith(OURS)), key=lambda file: (file.package, file.name))


def page(files: Sequence[FileDescriptorProto]) -> str:
    """The whole reference: services first, then data."""
    lines = [HEAD]
    for title, with_services in (("Services", True), ("Data", False)):
        lines.append(f"## {title}\n")
        for file in files:
            if bool(file.service) is with_services:
                lines.extend(_file(file))
    return "\n".join(lines).rstrip() + "\n"


def _file(file: FileDescriptorProto) -> Iterator[str]:
    comments = Comments(file)
    yield f"### `{file.package}` · {Path(file.name).name}\n"
    for number, service in enumerate(file.service):
        yield from _service(service, comments, number)
    for number, message in enumerate(file.message_type):
        yield from _message(message, comments, number)
    for number, enum in enumerate(file.enum_type):
        yield from _enum(enum, comments, number)


def _service(service: ServiceDescriptorProto, comments: Comments, number: int) -> Iterator[str]:
    yield f"#### {service.name}\n\n{comments.of(SERVICES, number)}\n"
    for index, method in enumerate(service.method):
        told = f"**{_signature(method)}**{_rest(method)} · {_role(method)}"
        yield f"{told}\n\n{comments.of(SERVICES, number, METHODS, index)}\n"


def _signature(method: MethodDescriptorProto) -> str:
    request = ("stream " if method.client_streaming else "") + method.input_type.rsplit(".", 1)[-1]
    response = ("stream " if method.server_streaming else "") + method.output_type.rsplit(".", 1)[-1]
    return f"{method.name}({request}) → {response}"


def _rest(method: MethodDescriptorProto) -> str:
    rule: http_pb2.HttpRule = method.options.Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    return f" · `{verb.upper()} {getattr(rule, verb)}`" if verb else ""


def _role(method: MethodDescriptorProto) -> str:
    audited = ", audited" if method.options.Extensions[options_pb2.audited] else ""
    return f"{word_of(role_of(method.options))}{audited}"


def _message(message: DescriptorProto, comments: Comments, number: int) -> Iterator[str]:
    yield f"#### {message.name}\n\n{comments.of(MESSAGES, number)}\n"
    if not message.field:
        return
    maps = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
    yield "| field | type | meaning |\n|---|---|---|"
    for index, field in enumerate(message.field):
        yield f"| `{field.name}` | {_type(field, maps)} | {comments.cell(MESSAGES, number, FIELDS, index)} |"
    yield ""


def _type(field: FieldDescriptorProto, maps: dict[str, DescriptorProto]) -> str:
    name = field.type_name.rsplit(".", 1)[-1]
    if name in maps:
        key, value = maps[name].field
        return f"map of {_type(key, {})} to {_type(value, {})}"
    name = name or FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    return f"repeated {name}" if repeated else f"optional {name}" if field.proto3_optional else name


def _enum(enum: EnumDescriptorProto, comments: Comments, number: int) -> Iterator[str]:
    yield f"#### {enum.name}\n\n{comments.of(ENUMS, number)}\n"
    yield "| value | number | meaning |\n|---|---|---|"
    for index, value in enumerate(enum.value):
        yield f"| `{value.name}` | {value.number} | {comments.cell(ENUMS, number, VALUES, index)} |"
    yield ""


def main() -> int:
    """Write the page, or with --check only compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the page is not current")
    made = page(described())
    if not parser.parse_args().check:
        PAGE.write_text(made)
        return 0
    current = PAGE.exists() and PAGE.read_text() == made
    print("docs/reference.md is current" if current else "docs/reference.md is not current: run make gen")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
