"""Messages as people write them in files: plain mappings, lists, words and numbers.

Fields have their names of the contract. Values of enums are words without their prefix (`critical`; with it they are
understood, too), spans of time texts such as `5m`, conditions on labels texts such as `service="shop"`. Where a text or
a list says all there is to say, it may stand for its message: see `_SHORT`.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.query.v1 import query_pb2
from services.core.errors import InvalidInput, Violation
from services.core.matching import Matcher, matcher_from
from services.runtime.label_matchers import matcher_message, matchers_from
from services.runtime.spans import seconds_from, span_text

WRITTEN = {("binnacle.rules.v1.Rule", "hold"): "for"}
"""Fields that are called otherwise in files."""
_FLOATS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)
_WHOLES = (
    FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64,
)  # fmt: skip
_NAMES_TOLD = 30
Listed = TypeVar("Listed", bound=Message)


def fill(message: Message, plain: Any, place: str) -> list[Violation]:
    """Fill an empty message with what is written; what is wrong with that, by place."""
    faults: list[Violation] = []
    _fill(message, plain, place, faults)
    return faults


def listed(
    held: Any, name: str, kind: type[Listed], prepared: Callable[[Any], Any] = lambda plain: plain
) -> list[Listed]:
    """The messages of the list `name` of what a file holds, each as it is `prepared`.

    Raises InvalidInput with everything that is wrong.
    """
    written = held.get(name) if isinstance(held, Mapping) else None
    if not isinstance(written, list):
        raise InvalidInput.of(name, f"must be a list of {name}")
    messages: list[Listed] = []
    faults: list[Violation] = []
    for place, plain in enumerate(written):
        messages.append(kind())
        faults += fill(messages[-1], prepared(plain), f"{name}[{place}]")
    if faults:
        raise InvalidInput(faults)
    return messages


def leave_out(plain: dict[str, Any], usual: Mapping[str, Any]) -> None:
    """Take out what goes without saying."""
    for name, value in usual.items():
        if plain.get(name) == value:
            del plain[name]


def plain_of(message: Message) -> Any:
    """A message as it is written: what is set of it."""
    kind = message.DESCRIPTOR.full_name
    if kind in _PLAIN and (short := _PLAIN[kind](message)) is not None:
        return short
    told = ((WRITTEN.get((kind, field.name), field.name), field, held) for field, held in message.ListFields())
    return {name: _plain_field(field, held) for name, field, held in told}


def _plain_field(field: FieldDescriptor, held: Any) -> Any:
    if _is_map(field):
        return dict(sorted(held.items()))
    return [_plain(field, one) for one in held] if field.is_repeated else _plain(field, held)


def _plain(field: FieldDescriptor, held: Any) -> Any:
    if field.message_type is not None:
        return plain_of(held)
    if field.enum_type is not None:
        return word_of(field.enum_type, held)
    return int(held) if isinstance(held, float) and held.is_integer() else held


def word_of(kind: EnumDescriptor, number: int) -> str:
    """The word of a value: without what all of its enum begin with."""
    return kind.values_by_number[number].name.removeprefix(_prefix(kind)).lower()


def _prefix(kind: EnumDescriptor) -> str:
    return kind.values[0].name.removesuffix("UNSPECIFIED")


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _fill(message: Message, plain: Any, place: str, faults: list[Violation]) -> None:
    kind = message.DESCRIPTOR
    if kind.full_name in _SHORT and not isinstance(plain, Mapping):
        plain = _SHORT[kind.full_name](message, plain, place, faults)
    if not isinstance(plain, Mapping):
        faults.append(Violation(place, f"must have fields, such as {_fields(kind)}"))
        return
    names = {WRITTEN.get((kind.full_name, name), name): name for name in kind.fields_by_name}
    for written, value in plain.items():
        here = f"{place}.{written}" if place else str(written)
        if written not in names:
            faults.append(Violation(here, f"is not known; there are {_fields(kind)}"))
        elif value is not None:
            _fill_field(message, kind.fields_by_name[names[written]], value, here, faults)
    for choice in kind.oneofs:
        told = [field.name for field in choice.fields if plain.get(field.name) is not None]
        if len(told) > 1:
            faults.append(Violation(place, f"must have one of {', '.join(told)}, not several"))


def _fields(kind: Any) -> str:
    names = [WRITTEN.get((kind.full_name, field.name), field.name) for field in kind.fields]
    return ", ".join(names[:_NAMES_TOLD])


def _fill_field(message: Message, field: Any, value: Any, place: str, faults: list[Violation]) -> None:
    if _is_map(field):
        _fill_map(getattr(message, field.name), value, place, faults)
    elif field.is_repeated:
        if not isinstance(value, list):
            faults.append(Violation(place, "must be a list"))
            return
        held = getattr(message, field.name)
        for number, one in enumerate(value):
            if field.message_type is not None:
                _fill(held.add(), one, f"{place}[{number}]", faults)
            elif (scalar := _scalar(field, one, f"{place}[{number}]", faults)) is not None:
                held.append(scalar)
    elif field.message_type is not None:
        held = getattr(message, field.name)
        held.SetInParent()
        _fill(held, value, place, faults)
    elif (scalar := _scalar(field, value, place, faults)) is not None:
        setattr(message, field.name, scalar)


def _fill_map(held: Any, value: Any, place: str, faults: list[Violation]) -> None:
    if not isinstance(value, Mapping):
        faults.append(Violation(place, "must have names and texts"))
        return
    for name, text in value.items():
        if isinstance(name, str) and isinstance(text, str):
            held[name] = text
        else:
            faults.append(Violation(f"{place}.{name}", "must be a text; put it in quotes"))


def _scalar(field: FieldDescriptor, value: Any, place: str, faults: list[Violation]) -> Any:
    """A value as its field takes it; None where it does not."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    wanted = ""
    if field.enum_type is not None:
        words = {word_of(field.enum_type, one.number): one.number for one in field.enum_type.values[1:]}
        named = field.enum_type.values_by_name
        if isinstance(value, str) and (value in words or value in named):
            return words[value] if value in words else named[value].number
        wanted = f"must be one of {', '.join(words)}"
    elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        wanted = "" if isinstance(value, str) else "must be a text; put it in quotes"
    elif field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        wanted = "" if isinstance(value, bool) else "must be true or false"
    elif field.cpp_type in _FLOATS:
        wanted = "" if number else "must be a number"
    elif field.cpp_type in _WHOLES:
        wanted = "" if number and 0 <= value <= 2**31 and value == int(value) else "must be a whole number"
        value = int(value) if not wanted else value
    if wanted:
        faults.append(Violation(place, wanted))
        return None
    return value


def _span(message: Any, given: Any, place: str, faults: list[Violation]) -> Mapping[str, Any]:
    seconds = seconds_from(given) if isinstance(given, str) else None
    if isinstance(given, int | float) and not isinstance(given, bool):
        seconds = float(given)
    if seconds is None or not 0 <= seconds < 1e9:
        faults.append(Violation(place, "must be a span of time, such as 500ms, 10s, 5m or 1h30m"))
    else:
        message.FromMilliseconds(round(seconds * 1_000))
    return {}


def _time(message: Any, given: Any, place: str, faults: list[Violation]) -> Mapping[str, Any]:
    try:
        message.FromJsonString(given)
    except (ValueError, TypeError, AttributeError):
        faults.append(Violation(place, "must be a time, such as 2026-01-31T09:30:00Z"))
    return {}


def _matcher(message: Any, given: Any, place: str, faults: list[Violation]) -> Mapping[str, Any]:
    try:
        found = matcher_from(given if isinstance(given, str) else "", place)
    except InvalidInput as fault:
        faults += fault.violations
        return {}
    value = found.value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    message.CopyFrom(matcher_message(Matcher(found.label, found.operator, value[1:-1] if quoted else value)))
    return {}


def _formula(message: Any, given: Any, place: str, faults: list[Violation]) -> Any:
    return {"rule": given} if isinstance(given, str) else given


def _several(message: Any, given: Any, place: str, faults: list[Violation]) -> Any:
    return {"formulas": given} if isinstance(given, list) else given


def _the_only(name: str) -> Callable[[Any, Any, str, list[Violation]], Any]:
    """What is written without the name of the one field that there is."""
    return lambda _message, given, _place, _faults: given if isinstance(given, Mapping) else {name: given}


def _operand(message: Any, given: Any, place: str, faults: list[Violation]) -> Any:
    if isinstance(given, str):
        return {"expression": given}
    return {"number": given} if isinstance(given, int | float) else given


def _matcher_text(message: query_pb2.Matcher) -> str:
    [one] = matchers_from([message])
    return f'{one.label}{one.operator.value}"{one.value}"'


_SHORT: Mapping[str, Callable[[Any, Any, str, list[Violation]], Any]] = {
    Duration.DESCRIPTOR.full_name: _span,
    Timestamp.DESCRIPTOR.full_name: _time,
    "binnacle.query.v1.Matcher": _matcher,
    "binnacle.query.v1.Operand": _operand,
    "binnacle.dashboards.v1.Figures": _the_only("names"),
    "binnacle.dashboards.v1.Listed": _the_only("values"),
    "binnacle.dashboards.v1.Markdown": _the_only("text"),
    "binnacle.rules.v1.Formula": _formula,
    "binnacle.rules.v1.Formula.Several": _several,
}
"""What may stand for a message that is no mapping: fills it, or gives the mapping that it stands for."""
_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    Duration.DESCRIPTOR.full_name: lambda message: span_text(message.ToMilliseconds() / 1_000),
    Timestamp.DESCRIPTOR.full_name: lambda message: message.ToJsonString(),
    "binnacle.query.v1.Matcher": _matcher_text,
    "binnacle.query.v1.Operand": lambda message: getattr(message, message.WhichOneof("kind")),
    "binnacle.dashboards.v1.Figures": lambda message: None if message.HasField("step") else list(message.names),
    "binnacle.dashboards.v1.Listed": lambda message: list(message.values),
    "binnacle.dashboards.v1.Markdown": lambda message: message.text,
    "binnacle.rules.v1.Formula": lambda message: message.rule or None,
    "binnacle.rules.v1.Formula.Several": lambda message: [plain_of(one) for one in message.formulas],
}
