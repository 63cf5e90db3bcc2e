"""What changes seldom is remembered for a while: signs of life of days that are over, and baselines made of them."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from services.aggregator.ports.reliability import Life, Probe, Span
from services.core.clock import Clock

Value = TypeVar("Value")
DAY_US = 86_400_000_000
REMEMBERED_SECONDS = 600.0
MAX_REMEMBERED = 1_000


class Remembered(Generic[Value]):
    """Answers that are asked for again every ten minutes. Belongs to one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[Hashable, tuple[float, Value]] = {}

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[Value]]) -> Value:
        """The answer of this key, remembered or asked for."""
        now = self._clock.monotonic()
        known = self._known.get(key)
        if known is not None and now - known[0] < REMEMBERED_SECONDS:
            return known[1]
        answer = await ask()
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[key] = (now, answer)
        return answer


def joined_lives(earlier: Iterable[Life], later: Iterable[Life], late_us: int) -> list[Life]:
    """Heartbeats of two ranges, of which one follows the other."""
    lives = {life.service: life for life in earlier}
    for life in later:
        before = lives.get(life.service)
        if before is not None:
            gaps = [*before.gaps, *_gap(before.last_us, life.first_us, late_us), *life.gaps]
            life = replace(life, first_us=before.first_us, gaps=gaps)
        lives[life.service] = life
    return list(lives.values())


def joined_probes(earlier: Iterable[Probe], later: Iterable[Probe], late_us: int) -> list[Probe]:
    """Values of two ranges, of which one follows the other."""
    probes = {_identity(probe.labels): probe for probe in earlier}
    for probe in later:
        before = probes.get(_identity(probe.labels))
        if before is not None:
            gaps = [*before.gaps, *_gap(before.last_us, probe.first_us, late_us), *probe.gaps]
            failed = [*_lasting(before.failed, probe.first_us), *probe.failed]
            probe = replace(probe, first_us=before.first_us, gaps=gaps, failed=failed)
        probes[_identity(probe.labels)] = probe
    return list(probes.values())


def _gap(last_us: int, first_us: int, late_us: int) -> list[Span]:
    return [(last_us, first_us)] if first_us - last_us > late_us else []


def _lasting(failed: Sequence[Span], next_us: int) -> list[Span]:
    """The newest value of 0 lasts until the next one."""
    return [(begin, end if begin < end else next_us) for begin, end in failed]


def _identity(labels: Mapping[str, str]) -> Hashable:
    return frozenset(labels.items())
