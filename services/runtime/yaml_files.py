"""YAML as people mean it: `on`, `yes` and `10:30` are texts, dates too, and nothing may stand twice in a mapping.

A file may be another's: whatever it holds ends with what is meant, or an error that says where.
"""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from services.core.errors import InvalidInput

DEEPEST = 100
# Of a file of ten thousand rules there are a tenth of that.
MOST_VALUES = 3_000_000
_TAG = "tag:yaml.org,2002:"
_RESOLVED = (
    ("bool", r"true|false|True|False", "tfTF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", "-+0123456789."),
    ("null", r"~|null|", ["~", "n", ""]),
    ("merge", r"<<", "<"),
)


def _fault(place: Any, problem: str) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


class _Loader(yaml.CSafeLoader):
    """Takes plain words for what they look like in YAML 1.2, not 1.1."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != f"{_TAG}merge":
                if key.value in seen:
                    raise _fault(node, f"{key.value} stands twice")
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError) as broken:
            kind = node.tag.removeprefix(_TAG)
            raise _fault(node, f"this is no {kind}") from broken


_Loader.yaml_implicit_resolvers = {}
# Of the others some fail in ways of their own.
_Loader.yaml_constructors = {
    tag: construct
    for tag, construct in yaml.CSafeLoader.yaml_constructors.items()
    if tag is None or tag.removeprefix(_TAG) in ("bool", "float", "int", "map", "null", "seq", "str")
}
for _name, _form, _firsts in _RESOLVED:
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(rf"^(?:{_form})$"), list(_firsts))


def load(text: str) -> Any:
    """What a text holds. Raises InvalidInput, saying where it breaks off."""
    try:
        _measure(text)
        return yaml.load(text, _Loader)
    except yaml.YAMLError as fault:
        raise InvalidInput.of("", f"is no YAML: {' '.join(str(fault).split())}") from fault


def _measure(text: str) -> None:
    """Raise YAMLError for what is deeper than a parser's stack, or without end once it is used.

    An alias counts as all that it stands for: a few lines of aliases of aliases would fill any memory.
    """
    sizes: dict[str, int] = {}
    within: list[tuple[str | None, int]] = []
    for event in yaml.parse(text, yaml.CSafeLoader):
        anchor, size = getattr(event, "anchor", None), 1
        if isinstance(event, yaml.CollectionStartEvent):
            within.append((anchor, size))
            if len(within) > DEEPEST:
                raise _fault(event, f"more than {DEEPEST} deep")
            continue
        if isinstance(event, yaml.AliasEvent):
            if anchor not in sizes:
                raise _fault(event, f"*{anchor} stands for nothing before it, or for what it is in")
            size = sizes[anchor]
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = within.pop()
        elif not isinstance(event, yaml.ScalarEvent):
            continue
        if anchor is not None:
            sizes[anchor] = size
        if within:
            within[-1] = (within[-1][0], within[-1][1] + size)
        if size > MOST_VALUES:
            raise _fault(event, f"holds more than {MOST_VALUES:,} values, aliases counted as what they stand for")


def dump(value: Any) -> str:
    """A text that holds a value."""
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=110))
