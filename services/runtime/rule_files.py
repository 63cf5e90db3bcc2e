"""Rule files: YAML with a list `rules`, each a rule of the contract as `plain_messages` has it."""

from collections.abc import Iterable, Sequence
from string import ascii_lowercase
from typing import Any

from binnacle.rules.v1 import rules_pb2 as pb
from services.runtime.plain_messages import leave_out, listed, plain_of
from services.runtime.yaml_files import dump

_TOLD = ("origin", "version", "updated_time", "updated_by")
_LACKING = {"choice": "keep", "after": "5m"}
_USUAL: dict[str, Any] = {
    "enabled": True,
    "for": "0s",
    "keep_firing": "0s",
    "interval": "10s",
    "grace": "2s",
    "minimum_points": 1,
    "no_data": _LACKING,
    "failure": _LACKING,
}
"""What a rule is where it does not say."""


def rules_in(held: Any) -> Sequence[pb.Rule]:
    """The rules of what a file holds. Raises InvalidInput with everything that is wrong."""
    return listed(held, "rules", pb.Rule)


def rules_text(rules: Iterable[pb.Rule]) -> str:
    """A file of rules, without what goes without saying."""
    return dump({"rules": [_plain(rule) for rule in rules]})


def _plain(rule: pb.Rule) -> dict[str, Any]:
    told = pb.Rule()
    told.CopyFrom(rule)
    for name in _TOLD:
        told.ClearField(name)  # type: ignore[arg-type]
    for level in told.levels:
        if level.recovery_threshold == level.threshold:
            level.ClearField("recovery_threshold")
    plain: dict[str, Any] = plain_of(told)
    for condition in plain.get("condition", {}).values():
        leave_out(condition, {"comparison": "above"})
        for letter, expression in zip(ascii_lowercase, condition.get("expressions", ()), strict=False):
            leave_out(expression, {"name": letter, "fill": "none"})
    leave_out(plain, _USUAL)
    return plain
