"""Records each call of an audited RPC that succeeds, unless what it did has recorded itself, or it was a dry run.

The record is on disk before the caller hears of the success; where it cannot be written the caller is told UNAVAILABLE,
and what was asked for may have been done.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict, SerializeToJsonError
from google.protobuf.message import Message

from binnacle.options.v1 import options_pb2
from services.core.records import AuditRecord
from services.runtime.calls import current_call
from services.runtime.records import Recorder, counting
from services.runtime.secrets import HIDDEN, shown

LONGEST_PAYLOAD = 16 * 1024
LONGEST_ID = 200
Handler = Callable[[Any, Any], Any]
_WORDS = re.compile(r"[A-Z][a-z0-9]*")


def audited_methods(services: Iterable[str]) -> frozenset[str]:
    """Of services that are loaded, the RPCs whose contract says so, as `/package.Service/Method`."""
    pool = descriptor_pool.Default()
    methods = [method for service in services for method in pool.FindServiceByName(service).methods]
    return frozenset(
        f"/{method.containing_service.full_name}/{method.name}"
        for method in methods
        if method.GetOptions().Extensions[options_pb2.audited]
    )


class Auditor:
    """Records calls of `methods`."""

    def __init__(self, recorder: Recorder, methods: frozenset[str]) -> None:
        self.methods = methods
        self._recorder = recorder

    def audited(self, method: str, handler: Any) -> Any:
        """A handler that does the same, and records it."""
        if handler.unary_unary:
            return handler._replace(unary_unary=self._unary(method, handler.unary_unary))
        return handler._replace(unary_stream=self._stream(method, handler.unary_stream))

    def _unary(self, method: str, inner: Handler) -> Handler:
        async def handle(request: Message, context: Any) -> Any:
            with counting(method) as written:
                answer = await inner(request, context)
                # Who asks what would become of it changes nothing.
                if not written.records and not getattr(request, "dry_run", False):
                    await self._record(method, request, answer)
                return answer

        return handle

    def _stream(self, method: str, inner: Handler) -> Handler:
        async def handle(request: Message, context: Any) -> AsyncIterator[Any]:
            recorded = False
            async for message in inner(request, context):
                if not recorded:
                    await self._record(method, request)
                    recorded = True
                yield message

        return handle

    async def _record(self, method: str, request: Message, answer: Message | None = None) -> None:
        service, _slash, name = method.removeprefix("/").rpartition("/")
        record = AuditRecord(
            time_us=0,
            tenant=current_call().tenant,
            kind=_kind(service),
            id=_id(request) or (_id(answer) if answer is not None else ""),
            revision=0,
            action=_WORDS.findall(name)[0].lower(),
            method=f"{service}/{name}",
            payload=_cut(_asked(request)),
        )
        await self._recorder.record(record)


def _kind(service: str) -> str:
    """`binnacle.aggregator.v1.BusinessRuleService` is about `business_rule`."""
    words = _WORDS.findall(service.rpartition(".")[2].removesuffix("Service"))
    return "_".join(words).lower()


def _id(message: Message) -> str:
    """The field `id` of a message, or of the one message within it."""
    fields = message.DESCRIPTOR.fields_by_name
    if "id" in fields and fields["id"].type == FieldDescriptor.TYPE_STRING:
        return str(getattr(message, "id"))[:LONGEST_ID]  # noqa: B009 - no type says that it has one
    held = [value for field, value in message.ListFields() if isinstance(value, Message)]
    return _id(held[0]) if len(held) == 1 else ""


def _asked(request: Message) -> dict[str, Any]:
    """A request as JSON; why it is none, such as a time that no calendar has: what it did is recorded all the same."""
    try:
        return _hidden(request.DESCRIPTOR, MessageToDict(request, preserving_proto_field_name=True))
    except SerializeToJsonError as error:
        return {"unreadable": str(error)}


def _hidden(kind: Any, held: Mapping[str, Any]) -> dict[str, Any]:
    """A message as JSON, without what its contract or its names say is secret, or names a person."""
    fields = {} if kind is None else kind.fields_by_name
    return {name: _shown(fields.get(name), name, value) for name, value in held.items()}


def _shown(field: FieldDescriptor | None, name: str, value: Any) -> Any:
    if field is not None and field.GetOptions().debug_redact:
        return HIDDEN
    if isinstance(value, Mapping):
        return _hidden(None if field is None else field.message_type, value)
    if isinstance(value, list):
        return [_shown(field, name, each) for each in value]
    return shown(name, value)[0] if isinstance(value, str) else value


def _cut(asked: dict[str, Any]) -> str:
    text = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= LONGEST_PAYLOAD:
        return text
    return json.dumps({"cut": True, "begins": text[:LONGEST_PAYLOAD]}, ensure_ascii=False)
