"""Log lines that nobody wrote, to try things with."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

# The graver, the rarer.
LEVELS = {"debug": 30, "info": 50, "warning": 12, "error": 6, "critical": 2}
SERVICE = "log-generator"
_MESSAGES: dict[str, Sequence[str]] = {
    "debug": ("cache looked up for key item:{n} in {ms} ms", "retry budget has {n} left"),
    "info": ("request GET /items/{n} answered 200 in {ms} ms", "job {n} finished in {ms} ms"),
    "warning": ("request GET /items/{n} took {ms} ms", "queue holds {n} jobs"),
    "error": ("request POST /orders failed with 503 after {ms} ms", "connection {n} to the database was lost"),
    "critical": ("no space left on device after {n} files", "out of connections: {n} are waiting"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line; `level` as in LEVELS."""

    level: str
    service: str
    message: str


def made_up(count: int, levels: Sequence[str], services: Sequence[str], rng: Random) -> list[Line]:
    """So many lines, of these levels evenly, or of all by how often they come; of these services, or of one."""
    among = levels or list(LEVELS)
    weights = None if levels else list(LEVELS.values())
    return [
        Line(level, rng.choice(services or (SERVICE,)), _message(level, rng))
        for level in rng.choices(among, weights, k=count)
    ]


def _message(level: str, rng: Random) -> str:
    return rng.choice(_MESSAGES[level]).format(n=rng.randrange(1, 10_000), ms=round(rng.lognormvariate(3.5, 1.0), 1))
