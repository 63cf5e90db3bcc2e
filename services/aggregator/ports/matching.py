"""Conditions on the labels of series."""

import enum
from dataclasses import dataclass

NAME = "__name__"
"""The label that is the name of the metric."""


class Operator(enum.Enum):
    """How a label is compared; expressions are those of RE2 and match the whole value."""

    EQUAL = "="
    NOT_EQUAL = "!="
    MATCHES = "=~"
    NOT_MATCHES = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label; a label that a series lacks is empty."""

    label: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.operator.value}{self.value}"
