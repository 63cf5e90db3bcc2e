"""Where judgements go: what the drivers know of the book of alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

import numpy as np
import numpy.typing as npt

from services.alerting.ports.alerts import Alert, AlertState, Labels
from services.alerting.ports.rules import Rule

Places = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GroupStanding:
    """One group of a rule as it stands; `value` is NaN and `level` -1 where there is none, `alert` None if inactive.

    `judged_at` is the time of its last value, `lacking_since` that of the first judgement without data since.
    """

    labels: Labels
    state: AlertState
    value: float
    level: int
    judged_at: float
    lacking_since: float | None
    alert: Alert | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many groups a rule has; how many of them are `heard` of, pending, and firing, keep firing included."""

    groups: int
    heard: int
    pending: int
    firing: int


class Book(Protocol):
    """The state of every group of every rule of one tenant: one machine for all drivers.

    A group is known by its place, a number that stays until `generation` changes. All times are of the events, never
    of a clock: drivers tell what they have in the order of its times. What is told of a time that is not after the
    group's last one is dropped. Outside of the active times of its rule an alert ends, whatever is told.
    """

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The rules to judge, by id: those that are enabled. Another mapping after each change."""
        ...

    @property
    def generation(self) -> int:
        """Rises when places are given anew (rules changed, groups were forgotten): ask for all of them again."""
        ...

    def places(self, rule_id: str, groups: Sequence[Labels]) -> Places:
        """Where groups of one of `rules` stand; those that are new begin inactive. Labels are sorted by name."""
        ...

    def known(self, rule_id: str) -> Places:
        """Every group of a rule that was seen: what an answer leaves out of these has no data."""
        ...

    def judge(self, places: Places, values: Floats, at: Floats | float, levels: Levels | None = None) -> None:
        """Each group was judged by a value at a time; NaN: there was no data. A place stands once in a call.

        Values are compared with the levels of their rules here, with hysteresis. Conditions that compare on their own
        (burn rate, absence, events, composites) give `levels`: the number of the gravest level that holds, or -1.
        """
        ...

    def answered(self, rule_ids: Sequence[str], at: float) -> None:
        """The rules could be judged at `at`, whatever came of it: said after `judge`."""
        ...

    def failed(self, rule_ids: Sequence[str], at: float) -> None:
        """The rules could not be judged at `at`."""
        ...

    def groups(self, rule_id: str) -> Sequence[Labels]:
        """Every group of a rule that was seen."""
        ...

    def tally(self, rule_id: str) -> Tally:
        """How many groups of a rule there are, by what they are at."""
        ...

    def standings(self, rule_id: str, labels: Labels = (), most: int | None = None) -> Sequence[GroupStanding]:
        """The groups of a rule that have some labels, `most` of them: those that fire first."""
        ...

    def firing(self, rule_ids: Sequence[str]) -> Mapping[str, Sequence[Alert]]:
        """Alerts of rules that fire, keep firing included."""
        ...


class Judging(Protocol):
    """Judges the rules of a tenant, on intake and on schedule."""

    async def run(self, tenant: str, book: Book, resumed_at: float | None) -> None:
        """Judge until cancelled; what changes the book says to who watches it.

        `resumed_at` is until when a former process had judged; None where nobody had.
        """
        ...


class Answering(Protocol):
    """Answers processes that do not lead."""

    async def answer(self) -> NoReturn:
        """Answer what they ask, until cancelled."""
        ...
