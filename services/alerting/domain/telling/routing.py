"""To whom alerts go: routes, rotations, escalations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.alerting.domain.label_matching import Expressions, all_hold
from services.alerting.domain.telling.rotations import on_call
from services.alerting.ports.notifiers import Escalation, Notifiers, Route

GROUP_INTERVAL, REPEAT_INTERVAL = 300.0, 14_400.0


@dataclass(frozen=True, slots=True)
class Way:
    """Where something goes: names of receivers and rotations, and an escalation.

    `group_interval` is how long growth may wait, `repeat_interval` how long until a reminder, 0 for never.
    """

    tell: tuple[str, ...]
    escalation: str
    group_interval: float
    repeat_interval: float


Ways = tuple[Way, ...]


def ways(routes: Sequence[Route], labels: Mapping[str, str], expressions: Expressions) -> Ways:
    """Where an alert of these labels goes; see Route."""
    return tuple(_ways(routes, Way((), "", GROUP_INTERVAL, REPEAT_INTERVAL), labels, expressions))


def _ways(routes: Sequence[Route], around: Way, labels: Mapping[str, str], expressions: Expressions) -> Iterator[Way]:
    for route in routes:
        if not all_hold(route.matchers, labels, expressions):
            continue
        here = Way(
            route.tell or around.tell,
            route.escalation or around.escalation,
            around.group_interval if route.group_interval is None else route.group_interval,
            around.repeat_interval if route.repeat_interval is None else route.repeat_interval,
        )
        within = list(_ways(route.routes, here, labels, expressions))
        yield from within or [here]
        if not route.goes_on:
            return


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver, and the rotation and the person it is told for; empty where it is told for itself."""

    receiver: str
    rotation: str = ""
    person: str = ""


def targets(notifiers: Notifiers, names: Iterable[str], at: float) -> Iterator[Target]:
    """Who is behind names of receivers and rotations at a time; names of nothing are nobody's."""
    for name in names:
        rotation = notifiers.rotation(name)
        if rotation is not None:
            person = on_call(rotation, at).person
            yield from (Target(receiver, name, person.name) for receiver in person.receivers)
        elif notifiers.receiver(name) is not None:
            yield Target(name)


def steps(escalation: Escalation) -> Iterator[tuple[float, tuple[str, ...]]]:
    """When, after its beginning, an escalation tells whom; every repeat, in order."""
    lasts = escalation.steps[-1].after + escalation.repeat_after
    for number in range(escalation.repeats + 1):
        for step in escalation.steps:
            yield number * lasts + step.after, step.tell
