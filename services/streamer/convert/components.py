"""The parts of the suite as messages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from binnacle.processes.v1 import processes_pb2 as pb
from services.core.conventions import HEALTHY, UNHEALTHY

PROCESS, CACHE, STORE = "process", "cache", "store"


@dataclass(frozen=True, slots=True)
class Suite:
    """Every part, and the settings of those processes that answer."""

    components: Sequence[pb.Component]
    configs: Sequence[pb.ProcessConfig]


def component(name: str, kind: str, problem: str | None, took: float) -> pb.Component:
    """A part that answered within so many seconds, or has a problem."""
    return pb.Component(
        name=name,
        kind=kind,
        status=UNHEALTHY if problem else HEALTHY,
        problem=problem or "",
        response_ms=None if problem else took * 1000,
    )


def unready(components: Iterable[pb.Component]) -> list[str]:
    """The processes that are not ready, and why."""
    return [f"{one.name} ({one.problem})" for one in components if one.kind == PROCESS and one.status != HEALTHY]
