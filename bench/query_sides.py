"""Who answers the questions of the query benchmark, us and rivals: asked in turns, so that all feel one machine."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench import processor, query_calls, suite_load
from bench.dashboard import Question
from bench.rivals import Rival
from tests.support.suite import Suite

ROUNDS = 5
CLIENTS = 8
Times = list[float]


@dataclass(frozen=True, slots=True)
class Side:
    """One that answers about data that end at `end_ms`: alone, to several clients at once; its processes by name."""

    name: str
    url: str
    end_ms: int
    alone: Callable[[Question, int, int], Times]
    together: Callable[[Question, int], Times]
    processes: Mapping[str, int]


@dataclass(slots=True)
class Taken:
    """Milliseconds of each call, and of CPU of all calls of one client."""

    alone: Times = field(default_factory=list)
    together: Times = field(default_factory=list)
    cpu_ms: float = 0.0

    @property
    def cpu_a_call(self) -> float:
        """The calls that warm up are within the CPU, and counted too."""
        return self.cpu_ms / (len(self.alone) + ROUNDS * query_calls.WARM)


def ours(suite: Suite, end_ms: int) -> Side:
    """The suite, through gRPC and the edge; the edge is not among its processes."""
    target = suite_load.target(suite)

    def alone(question: Question, seed: int, calls: int) -> Times:
        async def asked() -> Times:
            async with query_calls.asker(target) as client:
                return await client.timed(question, end_ms, seed, calls)

        return asyncio.run(asked())

    def together(question: Question, calls: int) -> Times:
        return asyncio.run(query_calls.timed_together(target, question, end_ms, CLIENTS, calls))

    processes = {name: child.pid for name, child in suite.children().items() if name != suite_load.EDGE}
    return Side("ours", suite.url, end_ms, alone, together, processes)


def of_rival(rival: Rival, end_ms: int, options: str) -> Side:
    """A server that speaks PromQL; `options` are added to each address."""

    def alone(question: Question, seed: int, calls: int) -> Times:
        return query_calls.rival_times(rival.url, options, question, end_ms, seed, calls)

    def together(question: Question, calls: int) -> Times:
        return query_calls.together(CLIENTS, lambda seed: alone(question, seed, calls))

    return Side(rival.name.lower(), rival.url, end_ms, alone, together, {rival.name: rival.pid})


def in_turns(sides: Sequence[Side], question: Question) -> Mapping[str, Taken]:
    """What each side took: a few calls of one, then as many of the next, and so on; then eight clients at once."""
    taken = one_by_one(sides, question)
    for _number in range(2):
        for side in sides:
            taken[side.name].together += side.together(question, query_calls.CALLS // CLIENTS)
    return taken


def one_by_one(sides: Sequence[Side], question: Question) -> Mapping[str, Taken]:
    """What each side took of one client: a few calls of one side, then as many of the next, and so on."""
    taken = {side.name: Taken() for side in sides}
    for number in range(ROUNDS):
        for side in sides:
            before = processor.spent_by(side.processes)
            taken[side.name].alone += side.alone(question, number, query_calls.CALLS // ROUNDS)
            spent = processor.difference(processor.spent_by(side.processes), before)
            taken[side.name].cpu_ms += sum(spent.values()) * 1e3
    return taken


def median(times: Times) -> float:
    """The one in the middle."""
    return float(np.median(times))
