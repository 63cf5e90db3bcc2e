"""What all actors of the made-up world share: time, chance, what is told, and how each service does."""

from dataclasses import dataclass
from random import Random

from services.launcher.demo.catalogue import SERVICES
from services.launcher.demo.happenings import Happening
from services.launcher.demo.incidents import Incident
from services.launcher.demo.timeline import Timeline


@dataclass(slots=True)
class Service:
    """One service as it sees itself since it started."""

    name: str
    started: float
    version: tuple[int, int, int]
    requests: int = 0
    errors: int = 0
    latency: float = 0.0

    def count(self, latency: float, failed: bool) -> None:
        """Count a request; latency in ms."""
        self.requests += 1
        self.errors += failed
        self.latency += latency

    def restart(self, time: float, version: tuple[int, int, int]) -> None:
        """Begin anew in another version."""
        self.started, self.version = time, version
        self.requests, self.errors, self.latency = 0, 0, 0.0


class Stage:
    """Handed to every actor."""

    def __init__(self, start: float, rate: float, rng: Random) -> None:
        self.start, self.rate, self.rng = start, rate, rng
        self.timeline = Timeline(start)
        self.told: list[Happening] = []
        self.incident: Incident | None = None
        self.services = {name: Service(name, start, (1, rng.randrange(3, 40), rng.randrange(10))) for name in SERVICES}

    def tell(self, happening: Happening) -> None:
        """Let it be known."""
        self.told.append(happening)

    def trouble(self, service: str, time: float) -> float:
        """How much of the present incident a service feels: 0 to 1."""
        return self.incident.strength(service, time) if self.incident else 0.0

    def pause(self, mean: float) -> float:
        """A random wait in seconds, memoryless, `mean` on average."""
        return self.rng.expovariate(1.0 / mean)
