"""YAML as people mean it: `on`, `yes` and `10:30` are texts, dates too, and nothing may stand twice in a mapping."""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from services.core.errors import InvalidInput

_RESOLVED = (
    ("bool", r"true|false|True|False", "tfTF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", "-+0123456789."),
    ("null", r"~|null|", ["~", "n", ""]),
    ("merge", r"<<", "<"),
)


class _Loader(yaml.CSafeLoader):
    """Takes plain words for what they look like in YAML 1.2, not 1.1."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _value in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = next((key for number, key in enumerate(keys) if key in keys[:number]), None)
        if twice is not None:
            raise yaml.MarkedYAMLError(problem=f"{twice} stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {}
for _name, _form, _firsts in _RESOLVED:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_form})$"), list(_firsts))


def load(text: str) -> Any:
    """What a text holds. Raises InvalidInput, saying where it breaks off."""
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as fault:
        raise InvalidInput.of("", f"is no YAML: {' '.join(str(fault).split())}") from fault


def dump(value: Any) -> str:
    """A text that holds a value."""
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=110))
