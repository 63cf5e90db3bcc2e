"""Troubles: a service that gets slow and failing for about a minute and a half, and those who wait for it."""

from dataclasses import dataclass, replace
from random import Random

from services.launcher.demo.catalogue import FRAGILE, WAITS_FOR

LASTS_SECONDS = (75.0, 105.0)
FIRST_AFTER_SECONDS = (120.0, 210.0)
BETWEEN_SECONDS = (15 * 60.0, 40 * 60.0)
RAMP_SECONDS = 8.0
FELT_ABOVE = 0.35


@dataclass(frozen=True, slots=True)
class Incident:
    """One trouble: at its height latency is multiplied by `slowdown` and the share `failing` of requests fails."""

    service: str
    begins: float
    ends: float
    slowdown: float
    failing: float
    cause: str

    def beginning(self, time: float) -> "Incident":
        """The same trouble, from `time` on."""
        return replace(self, begins=time, ends=time + self.ends - self.begins)

    def strength(self, service: str, time: float) -> float:
        """How much of it `service` feels at `time`: 0 nothing, 1 all."""
        inside = min(time - self.begins, self.ends - time)
        if inside <= 0.0:
            return 0.0
        height = min(1.0, inside / RAMP_SECONDS)
        if service == self.service:
            return height
        return height * FELT_ABOVE if WAITS_FOR.get(service) == self.service else 0.0


CAUSES = ("connection pool exhausted", "upstream timeouts", "bad deploy", "lock contention in the database")


def next_incident(rng: Random, begins: float, former: str = "") -> Incident:
    """A trouble that begins at `begins`, of another service than the former one."""
    service = rng.choice([name for name in FRAGILE if name != former])
    return Incident(
        service=service,
        begins=begins,
        ends=begins + rng.uniform(*LASTS_SECONDS),
        slowdown=rng.uniform(6.0, 12.0),
        failing=rng.uniform(0.3, 0.5),
        cause=rng.choice(CAUSES),
    )
