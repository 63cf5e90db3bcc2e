"""Why rules fire, or do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.alerting.ports.alerts import AlertState, Labels
from services.alerting.ports.rules import Rule


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a group of a rule is in its state.

    `parts` are what the value was made of, by name. `course` are times, in seconds, and values of the last hour: NaN
    where there was none.
    """

    labels: Labels
    state: AlertState
    text: str
    judged_at: float | None = None
    value: float | None = None
    threshold: float | None = None
    parts: Sequence[tuple[str, float]] = ()
    course: Sequence[tuple[float, float]] = ()


class Explaining(Protocol):
    """Explains the rules of all tenants."""

    async def explain(self, tenant: str, rule: Rule, labels: Labels = ()) -> Sequence[Explanation]:
        """One for each group that has these labels, firing ones first, 100 at most; one without labels if none has.

        Raises what sources raise.
        """
        ...
