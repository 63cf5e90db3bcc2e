"""When services were observed and when they were down, from heartbeats and probes; budgets made of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.aggregator.domain.ranges.ranges import MICRO
from services.aggregator.domain.reports.spans_of_time import clipped, length, overlap, union, without
from services.aggregator.ports.reliability import Life, Probe, Span
from services.core import conventions

LATE_US = conventions.HEARTBEAT_STALE_AFTER * MICRO
WITHDRAWN_US = 86_400 * MICRO
BUDGET_SECONDS = 30 * 86_400
BURN_WINDOWS = (3_600, 21_600, 86_400, BUDGET_SECONDS)
INSTANCE_LABEL = "instance"


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a service was down; `end_us` None when it had not ended."""

    service: str
    cause: str
    start_us: int
    end_us: int | None
    seconds: float


@dataclass(slots=True)
class History:
    """When one service was observed, and when it was down: by missing heartbeats, by failed probes.

    All is looked at from the moment `end_us`.
    """

    service: str
    end_us: int
    observed: list[Span] = field(default_factory=list)
    silent: list[Span] = field(default_factory=list)
    failed: list[Span] = field(default_factory=list)

    def live(self, life: Life) -> None:
        """Take in heartbeats."""
        until = min(self.end_us, life.last_us + WITHDRAWN_US)
        self.observed = union(self.observed, [(life.first_us, until)])
        missing = [(begin + LATE_US, end) for begin, end in life.gaps]
        self.silent = union(self.silent, missing, [(life.last_us + LATE_US, until)])

    def probe(self, probe: Probe) -> None:
        """Take in a probe."""
        newest = [(begin, end if begin < end else begin + LATE_US) for begin, end in probe.failed]
        failed = [(begin, min(end, begin + LATE_US, self.end_us)) for begin, end in newest]
        whole = [(probe.first_us, min(self.end_us, probe.last_us + LATE_US))]
        known = without(whole, ((begin + LATE_US, end) for begin, end in probe.gaps))
        self.observed = union(self.observed, known)
        self.failed = union(self.failed, failed)

    @property
    def down(self) -> list[Span]:
        """When it was down by either."""
        return union(self.silent, self.failed)

    def outages(self, begin_us: int) -> list[Outage]:
        """Its outages that ended after a moment, or have not."""
        return [self._outage(begin, end) for begin, end in self.down if end > begin_us]

    def _outage(self, begin: int, end: int) -> Outage:
        silent, failed = overlap(self.silent, begin, end), overlap(self.failed, begin, end)
        cause = "both" if silent and failed else "probe" if failed else "heartbeat"
        return Outage(self.service, cause, begin, end if end < self.end_us else None, (end - begin) / MICRO)


@dataclass(frozen=True, slots=True)
class Share:
    """How long something was observed and down, in seconds."""

    observed: float = 0.0
    down: float = 0.0

    def __add__(self, other: "Share") -> "Share":
        return Share(self.observed + other.observed, self.down + other.down)


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be down in 30 days, and was; seconds. `rates` are burn rates by window, None where not observed."""

    target_percent: float
    observed: float
    total: float
    burnt: float
    rates: Sequence[tuple[int, float | None]]

    @property
    def left(self) -> float:
        """Seconds that are left; below 0 when more was burnt than there was."""
        return self.total - self.burnt

    @property
    def left_percent(self) -> float:
        """The same in percent of the total."""
        return 100.0 * self.left / self.total


def histories(lives: Iterable[Life], probes: Iterable[Probe], end_us: int) -> dict[str, History]:
    """The history of each service, and of each probe that belongs to none."""
    found: dict[str, History] = {}
    for life in lives:
        found.setdefault(life.service, History(life.service, end_us)).live(life)
    for probe in probes:
        labels = probe.labels
        name = labels.get(conventions.SERVICE_LABEL) or labels.get(INSTANCE_LABEL) or ""
        found.setdefault(name, History(name, end_us)).probe(probe)
    return found


def share(history: History, begin_us: int, end_us: int) -> Share:
    """How long it was observed and down within a range."""
    observed = clipped(history.observed, begin_us, end_us)
    down = clipped(history.down, begin_us, end_us)
    return Share(length(observed) / MICRO, length(down) / MICRO)


def budget(of: Sequence[History], end_us: int, target_percent: float) -> Budget:
    """The error budget of one service, or of several together, and how fast it burns."""
    allowed = 1.0 - target_percent / 100.0
    shares = {
        window: sum((share(history, end_us - window * MICRO, end_us) for history in of), Share())
        for window in BURN_WINDOWS
    }
    whole = shares[BUDGET_SECONDS]
    rates = [
        (window, found.down / found.observed / allowed if found.observed else None) for window, found in shares.items()
    ]
    return Budget(target_percent, whole.observed, allowed * BUDGET_SECONDS * len(of), whole.down, rates)
