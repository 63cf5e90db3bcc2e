"""The errors Binnacle raises on purpose.

BinnacleError
├── InvalidInput       a field breaks its documented rule; names each field
├── NotFound           absent for this tenant
├── Conflict           another version than the caller expects
├── Unauthenticated    no credential, or one that cannot be verified
├── Forbidden          the credential does not allow it
├── Overloaded         a limit or a full queue; says when to come back
├── Unavailable        a part that is needed does not answer; says when to come back
└── DeadlineExceeded   time ran out; names what was waited for

Anything else that escapes a handler is a fault of ours and reaches the caller as INTERNAL without detail.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks its rule: `events[3].type`, and what would be right."""

    field: str
    description: str


class BinnacleError(Exception):
    """Base of every error raised on purpose; its text is meant for the caller."""


class InvalidInput(BinnacleError):
    """Fields that break their rules, at least one."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.field}: {v.description}" if v.field else v.description for v in violations))

    @classmethod
    def of(cls, field: str, description: str) -> "InvalidInput":
        """The error of one field."""
        return cls([Violation(field, description)])


class NotFound(BinnacleError):
    """The thing asked for does not exist for this tenant."""


class Conflict(BinnacleError):
    """The thing exists in another version than the caller expects."""


class Unauthenticated(BinnacleError):
    """No credential, or one that cannot be verified."""


class Forbidden(BinnacleError):
    """The credential does not allow the call."""


class Overloaded(BinnacleError):
    """A limit or a full queue; `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Unavailable(BinnacleError):
    """A part that is needed does not answer; `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class DeadlineExceeded(BinnacleError):
    """Time ran out; the message names what was waited for."""
