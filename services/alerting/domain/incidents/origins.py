"""Where an incident may have begun: a random walk that goes from what complains to what it depends on.

The walk is that of MonitorRank (Kim, Sumbaly, Shah: Root cause detection in a service-oriented architecture, 2013).
From each thing it goes on to what that calls, the rather the worse it fares; back to who calls it with a small chance,
so that it does not end in a blind alley; and stays where nothing that is called fares as badly. It begins again where
it is bad. What it comes by most often is what the complaints lead to.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from services.alerting.domain.incidents.call_graph import CallGraph
from services.alerting.ports.alerts import Severity
from services.alerting.ports.incidents import Origin

MOST_ORIGINS = 5
LEAST_OF_BEST = 0.25
"""What is told speaks for itself by at least so much of what speaks for the likeliest."""
_MOST_PLACES = 200
_BACK, _GO_ON, _STEPS = 0.2, 0.85, 100
_BADNESS = {Severity.INFO: 0.5, Severity.WARNING: 0.8, Severity.CRITICAL: 1.0}
"""How bad a thing fares by its gravest alert. Without one it is the share of the calls to it that fail."""
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Complaint:
    """The gravest alert about a thing, and when the first fired."""

    severity: Severity
    since: float


def likely_origins(complaints: Mapping[str, Complaint], graph: CallGraph) -> tuple[Origin, ...]:
    """The likeliest first; of two alike the one that complained first."""
    names = _in_question(complaints, graph)
    bad = np.array([_badness(name, complaints, graph) for name in names])
    if not bad.any():
        return ()
    shares = _walked(names, bad, graph)
    # What differs by less than anybody could tell is alike.
    order = sorted(
        range(len(names)), key=lambda place: (-round(float(shares[place]), 6), _since(complaints, names[place]))
    )
    best = [place for place in order if shares[place] >= LEAST_OF_BEST * shares.max()][:MOST_ORIGINS]
    return tuple(
        Origin(names[place], round(float(shares[place]), 3), _why(names[place], complaints, graph)) for place in best
    )


def _in_question(complaints: Mapping[str, Complaint], graph: CallGraph) -> Sequence[str]:
    """What complains, and what that depends on where calls to it fail."""
    told = list(complaints)[:_MOST_PLACES]
    called = dict.fromkeys(other for name in told for other in sorted(graph.depends_on(name)))
    more = [name for name in called if name not in complaints and graph.failing(name) > 0]
    return (told + more)[:_MOST_PLACES]


def _badness(name: str, complaints: Mapping[str, Complaint], graph: CallGraph) -> float:
    said = complaints.get(name)
    return max(_BADNESS[said.severity] if said else 0.0, graph.failing(name))


def _walked(names: Sequence[str], bad: Matrix, graph: CallGraph) -> Matrix:
    """How much of its time the walk is at each."""
    steps, begin = _steps(names, bad, graph), bad / bad.sum()
    at: Matrix = begin
    for _step in range(_STEPS):
        at = _GO_ON * (at @ steps) + (1 - _GO_ON) * begin
    return at


def _steps(names: Sequence[str], bad: Matrix, graph: CallGraph) -> Matrix:
    """The chance to go from one (row) to another; where there is nowhere to go it stays."""
    place_of = {name: place for place, name in enumerate(names)}
    steps = np.zeros((len(names), len(names)))
    for place, name in enumerate(names):
        called = [place_of[other] for other in graph.callees(name) if other in place_of]
        callers = [place_of[other] for other in graph.callers(name) if other in place_of]
        steps[place, callers] = _BACK * bad[callers]
        steps[place, called] = bad[called]
        steps[place, place] = max(0.0, bad[place] - max(bad[called], default=0.0))
    sums = steps.sum(axis=1)
    steps[sums == 0, sums == 0] = 1.0
    return np.asarray(steps / steps.sum(axis=1, keepdims=True))


def _why(name: str, complaints: Mapping[str, Complaint], graph: CallGraph) -> str:
    """What speaks for one, in words."""
    reasons, said = [], complaints.get(name)
    others = complaints.keys() - {name}
    if said is not None:
        first = " first of all" if others and said.since < min(complaints[one].since for one in others) else ""
        reasons.append(f"its alerts began{first} at {_clock(said.since)}")
    callers = sum(name in graph.depends_on(one) for one in others)
    if callers:
        reasons.append(f"{callers} of {len(others)} others with alerts depend on it")
    if (failing := graph.failing(name)) > 0:
        reasons.append(f"{100 * failing:.3g} % of the calls to it fail")
    if not _blames(name, complaints, graph):
        reasons.append("nothing that it calls has an alert")
    return "; ".join(reasons)


def _blames(name: str, complaints: Collection[str], graph: CallGraph) -> bool:
    return any(other in complaints for other in graph.depends_on(name))


def _since(complaints: Mapping[str, Complaint], name: str) -> float:
    return complaints[name].since if name in complaints else np.inf


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S UTC")
