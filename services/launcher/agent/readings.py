"""What is read of a machine, before it is sent."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one series; `time` in seconds since the epoch where the source tells one."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["gauge", "counter"] = "gauge"
    unit: str = ""
    time: float | None = None


class Rates:
    """Totals that only grow to increases a second; a total that fell has begun anew and gives none."""

    def __init__(self) -> None:
        self._former: dict[Hashable, tuple[float, float]] = {}

    def rate(self, key: Hashable, total: float, now: float) -> float | None:
        """The increase a second since the last call for `key`; None the first time. `now` in seconds that only grow."""
        former = self._former.get(key)
        self._former[key] = (total, now)
        if former is None or now <= former[1] or total < former[0]:
            return None
        return (total - former[0]) / (now - former[1])

    def keep(self, keys: set[Hashable]) -> None:
        """Forget all but `keys`."""
        self._former = {key: value for key, value in self._former.items() if key in keys}
