"""What was understood of a text."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.core.questions import Expression
from services.streamer.domain.asking.times import Span
from services.streamer.domain.asking.words import Part


@dataclass(frozen=True, slots=True)
class Shown:
    """A widget: what it is, and what it asks. Of `expressions`, `figures` and rows it has one."""

    kind: str
    expressions: tuple[Expression, ...] = ()
    figures: tuple[str, ...] = ()
    unit: str = ""
    reduction: str = "last"
    count: int = 0
    lowest: bool = False
    step: float | None = None
    types: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    text: str = ""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """`shown` is None where not even what is measured was understood."""

    shown: Shown | None
    span: Span | None
    understood: Sequence[Part]
    not_understood: Sequence[str]
    suggestions: Sequence[str]
