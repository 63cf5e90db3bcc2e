"""Who calls whom, as it was seen within a day: what depends on what."""

from collections.abc import Iterable, Mapping, Sequence

from services.alerting.ports.calls import Call

KEPT = 86_400.0
FAR = 3
"""Through how many calls things have to do with each other."""
_NOBODY: Mapping[str, Call] = {}


class CallGraph:
    """Calls by caller and callee."""

    def __init__(self) -> None:
        self._callees: dict[str, dict[str, Call]] = {}
        self._callers: dict[str, dict[str, Call]] = {}
        self._seen: dict[tuple[str, str], float] = {}
        self._below: dict[str, frozenset[str]] = {}
        self._above: dict[str, frozenset[str]] = {}

    def learn(self, calls: Iterable[Call], at: float) -> None:
        """Calls as they were seen now; those that were not seen for a day are forgotten."""
        for call in calls:
            if call.caller != call.callee:
                self._seen[call.caller, call.callee] = at
                self._callees.setdefault(call.caller, {})[call.callee] = call
                self._callers.setdefault(call.callee, {})[call.caller] = call
        for caller, callee in [pair for pair, seen in self._seen.items() if at - seen > KEPT]:
            del self._seen[caller, callee], self._callees[caller][callee], self._callers[callee][caller]
        self._below.clear()
        self._above.clear()

    def callees(self, name: str) -> Mapping[str, Call]:
        """What one calls."""
        return self._callees.get(name, _NOBODY)

    def callers(self, name: str) -> Mapping[str, Call]:
        """What calls one."""
        return self._callers.get(name, _NOBODY)

    def related(self, name: str) -> frozenset[str]:
        """What one calls, and what calls it, through others too."""
        if name not in self._above:
            self._above[name] = _reached(self._callers, name)
        return self._above[name] | self.depends_on(name)

    def depends_on(self, name: str) -> frozenset[str]:
        """What one calls, through others too."""
        if name not in self._below:
            self._below[name] = _reached(self._callees, name)
        return self._below[name]

    def failing(self, name: str) -> float:
        """The share of the calls to one that failed, 0 to 1; 0 where nobody calls it."""
        to: Sequence[Call] = [*self.callers(name).values()]
        calls = sum(call.calls for call in to)
        return sum(call.errors for call in to) / calls if calls > 0 else 0.0


def _reached(steps: Mapping[str, Mapping[str, Call]], name: str) -> frozenset[str]:
    found, edge = set[str](), {name}
    for _step in range(FAR):
        edge = {other for one in edge for other in steps.get(one, _NOBODY)} - found - {name}
        found |= edge
    return frozenset(found)
