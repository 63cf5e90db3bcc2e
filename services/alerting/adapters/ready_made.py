"""The rules that come with Binnacle, of a file in this package."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.alerting.convert.rules import rule_from
from services.alerting.ports.rules import Rule
from services.runtime.rule_files import rules_in
from services.runtime.yaml_files import load

FILE = Path(__file__).with_name("ready_made.yaml")
OF_INSTALLATION = "of_installation"


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """Rules for every tenant, and those for the tenant that administers the installation."""

    rules: Sequence[Rule]
    of_installation: Sequence[Rule]


def ready_made() -> ReadyMade:
    """All of them. Raises InvalidInput for a file that is not right."""
    held = load(FILE.read_text(encoding="utf-8"))
    return ReadyMade(_rules(held), _rules({"rules": held[OF_INSTALLATION]}))


def _rules(held: object) -> Sequence[Rule]:
    return [rule_from(message) for message in rules_in(held)]
