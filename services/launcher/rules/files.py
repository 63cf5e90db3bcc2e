"""Files of rules, as they are named on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from binnacle.rules.v1 import rules_pb2
from services.launcher.named_files import Kind, NamedFiles, read_files
from services.runtime.rule_files import rules_in, rules_text

ENDINGS = (".yaml", ".yml")


def read_rules(paths: Sequence[Path]) -> NamedFiles[rules_pb2.Rule]:
    """The rules of files; those with tests alone are passed over. Raises LauncherError with all that is wrong."""
    return read_files(Kind("rules", ENDINGS, _rules_in, lambda rule: rule.id), paths)


def _rules_in(held: dict[str, Any]) -> Sequence[rules_pb2.Rule]:
    return [] if "tests" in held and "rules" not in held else rules_in(held)


def rule_of(held: dict[str, Any]) -> rules_pb2.Rule:
    """A rule of an answer of the suite."""
    return json_format.ParseDict(held, rules_pb2.Rule(), ignore_unknown_fields=True)


def rule_text(held: dict[str, Any]) -> str:
    """The file of a rule of an answer of the suite."""
    return rules_text([rule_of(held)])
