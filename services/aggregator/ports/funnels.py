"""Funnels: what actors did that may be steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from services.core.event_conditions import EventCondition

Actor = Literal["session_id", "user_id"]


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """An event of a type that meets all the conditions."""

    name: str
    type: str
    conditions: tuple[EventCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class FunnelQuestion:
    """Steps in their order, within a range whose end is not within; `breakdown` is a field or empty."""

    from_us: int
    to_us: int
    steps: tuple[FunnelStep, ...]
    window_us: int
    actor: Actor
    breakdown: str = ""


@dataclass(frozen=True, slots=True)
class FunnelColumns:
    """Events that match any step, in order of actor, time and intake.

    `actors` and `groups` are hashes of the actor and of the breakdown's value; bit `k` of `matches` says that an event
    matches step `k`.
    """

    actors: npt.NDArray[np.uint64]
    times_us: npt.NDArray[np.int64]
    matches: npt.NDArray[np.uint16]
    groups: npt.NDArray[np.uint64]


class FunnelReader(Protocol):
    """Asks for what funnels are made of. Methods raise what adapters/clickhouse/reader.py says."""

    async def steps_taken(self, tenant: str, question: FunnelQuestion) -> FunnelColumns:
        """All events that match a step."""
        ...

    async def group_values(self, tenant: str, question: FunnelQuestion, groups: Sequence[int]) -> Mapping[int, str]:
        """The values of the breakdown behind some hashes."""
        ...
