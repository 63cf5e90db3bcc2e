"""What was refused at intake, as the store answers it."""

from dataclasses import dataclass

from services.aggregator.ports.records import Place


@dataclass(frozen=True, slots=True)
class WarningFilter:
    """Refusals of `[from_us, to_us)`, microseconds since the Unix epoch; an empty kind matches all."""

    from_us: int
    to_us: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class IntakeWarning:
    """Refusals that are alike, counted over a range."""

    kind: str
    field: str
    reason: str
    description: str
    source: str
    sample: str
    count: int
    first_us: int
    last_us: int

    @property
    def position(self) -> "WarningPosition":
        """Where it stands in a list."""
        return (self.last_us, self.kind, self.field, self.reason, self.description, self.source)


@dataclass(frozen=True, slots=True)
class StoredWarning:
    """Refusals of two seconds that are alike, as the store has them."""

    warning: IntakeWarning
    place: Place


WarningPosition = tuple[int, str, str, str, str, str]
"""Time of the last, and what makes refusals alike; they are listed in falling order of it."""
