"""Where the state of alerts is kept across restarts, and who may write it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from services.alerting.ports.alerts import Alert, AlertStep, Labels, Transition
from services.alerting.ports.incidents import Incident
from services.alerting.ports.notifications import Delivery, Thread


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert, and what happened to it: the last 1,000 steps, oldest first."""

    alert: Alert
    steps: tuple[AlertStep, ...]


@dataclass(frozen=True, slots=True)
class GroupMemory:
    """What a group has to go on from beside its alert.

    `lacking_since` is when its data, or judgements, ended, `lacked` whether that was acted on; until `quiet_until` an
    alert that was resolved by hand does not come back. The group of a rule as a whole is groups.WHOLE.
    """

    rule_id: str
    group: Labels
    lacking_since: float | None = None
    lacked: bool = False
    quiet_until: float | None = None


Memories = Mapping[tuple[str, Labels], GroupMemory | None]
"""By rule and group; None where there is nothing to go on from."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Transitions, and attempts to tell of them, to be recorded together, under a name by which they count once."""

    name: str
    transitions: tuple[Transition, ...]
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """What a person said of alerts; it is recorded. `name` makes it one."""

    name: str
    tenant: str
    transitions: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that is kept of a tenant; `judged_at` is until when it was judged, None where it never was.

    Not `whole`: whoever wrote it as a whole has not come to the end.
    """

    alerts: Sequence[KeptAlert] = ()
    memories: Sequence[GroupMemory] = ()
    batches: Sequence[Batch] = ()
    incidents: Sequence[Incident] = ()
    threads: Sequence[Thread] = ()
    judged_at: float | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class News:
    """What happened to alerts: steps in order, then alerts of which something else is told, then ids told no more.

    `incidents` are those that changed with them, as they are now; `over` the ids of those that are told no more.
    """

    transitions: tuple[Transition, ...] = ()
    told: tuple[Alert, ...] = ()
    forgotten: tuple[str, ...] = ()
    incidents: tuple[Incident, ...] = ()
    over: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.transitions or self.told or self.forgotten or self.incidents or self.over)


@dataclass(frozen=True, slots=True)
class Saving:
    """What is to be kept from now on, all of it or nothing: None in place of a thing drops it.

    `news` tell the same to who follows. `anew`: nothing else is kept any more, and it is not all until it is `whole`:
    then who follows has to read everything.
    """

    news: News | None = None
    alerts: Mapping[str, KeptAlert | None] = field(default_factory=dict)
    memories: Memories = field(default_factory=dict)
    batches: Mapping[str, Batch | None] = field(default_factory=dict)
    incidents: Mapping[str, Incident | None] = field(default_factory=dict)
    threads: Mapping[str, Thread | None] = field(default_factory=dict)
    acts_done: Sequence[str] = ()
    judged_at: float | None = None
    anew: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write, under a number that rises with each leader."""

    holder: str
    number: int


Leader = Literal["nobody", "this", "another"]
"""Which process leads, as seen from one."""


class StateStore(Protocol):
    """Keeps alerts across restarts; never the only copy of what happened. Every method raises Unavailable."""

    async def claim(self, holder: str, former: Lease | None, seconds: float) -> Lease | None:
        """Lead, or go on leading, for `seconds`; None while another leads, or has led since `former`.

        Where the lease ran out, or was lost, it is another one. What is in the name of `holder` is its own, whoever
        had it: that process is gone. A lease that this process was given, but did not hear of, it is given again.
        """
        ...

    async def leader(self) -> Leader:
        """Who leads. This process may: the answer to its claim was lost."""
        ...

    async def tenants(self) -> Sequence[str]:
        """Those of whom anything is kept."""
        ...

    async def load(self, tenant: str) -> Kept | None:
        """Everything that is kept of a tenant; None where nothing was yet, or all was lost."""
        ...

    async def save(self, lease: Lease, tenant: str, saving: Saving) -> None:
        """Keep what changed, and tell who follows.

        Errors: Conflict where another has led since, and then nothing is written.
        """
        ...

    async def hand_over(self, act: Act) -> None:
        """Leave an act for the leader."""
        ...

    async def acts(self) -> Sequence[Act]:
        """Acts that no leader has done yet."""
        ...

    async def place(self) -> str:
        """Where the news end now."""
        ...

    async def news(self, place: str, seconds: float) -> tuple[str, Sequence[tuple[str, News]]]:
        """News after a place, each with its tenant, and where they end; none after waiting for `seconds`.

        Errors: Conflict where some were missed: everything has to be read again.
        """
        ...
