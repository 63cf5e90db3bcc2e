"""The rules of a tenant in columns, so that a value is compared for thousands of them at once."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from services.alerting.domain.rules.active_times import is_active
from services.alerting.ports.judging import Floats, Levels, Places
from services.alerting.ports.rules import Choice, Comparison, Level, Rule

MOST_LEVELS = 4
"""Levels of a rule: three severities, or the four windows of a burn rate."""
MOST_RESTS = 10_000
_LOWER_IS_BAD = frozenset({Comparison.BELOW, Comparison.AT_MOST})
_EQUAL_IS_BAD = frozenset({Comparison.AT_LEAST, Comparison.AT_MOST})
_MINUTE = 60.0


class RuleTable:
    """Each rule is a row. Thresholds are kept so that beyond one is always greater."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.row: Mapping[str, int] = {rule.id: row for row, rule in enumerate(rules)}
        self._sign = np.array([_sign(rule) for rule in rules], np.float64)
        bars = [_bars(rule) for rule in rules]
        self._thresholds = np.array([thresholds for thresholds, _ in bars], np.float64).reshape(-1, MOST_LEVELS)
        self._recoveries = np.array([recoveries for _, recoveries in bars], np.float64).reshape(-1, MOST_LEVELS)
        self.lack_after = np.array([rule.no_data.after for rule in rules], np.float64)
        self.told_of_lack = np.array([rule.no_data.choice is Choice.ALERT for rule in rules], np.bool_)
        self._timed = np.array([bool(rule.active_times) for rule in rules], np.bool_)
        self._rests: dict[tuple[int, int], bool] = {}

    def compare(self, rows: Places, before: Levels, values: Floats) -> Levels:
        """The gravest level of each row's rule that holds for its value; `before` is the one that held last.

        A level that held goes on until its value has come back across the recovery threshold.
        """
        held = (before[:, None] >= 0) & (np.arange(MOST_LEVELS) >= before[:, None])
        bars = np.where(held, self._recoveries[rows], self._thresholds[rows])
        beyond = (values * self._sign[rows])[:, None] > bars
        return np.where(beyond.any(axis=1), beyond.argmax(axis=1), -1).astype(np.int8)

    def resting(self, rows: Places, times: Floats) -> npt.NDArray[np.bool_]:
        """Whether the rule of each row is outside of its active times at a time."""
        found = self._timed[rows]
        for each in np.flatnonzero(found):
            found[each] = self._is_resting(int(rows[each]), int(times[each] // _MINUTE))
        return found

    def _is_resting(self, row: int, minute: int) -> bool:
        known = self._rests.get((row, minute))
        if known is None:
            if len(self._rests) > MOST_RESTS:
                self._rests.clear()
            known = self._rests[row, minute] = not is_active(self.rules[row].active_times, minute * _MINUTE)
        return known


def _comparison(rule: Rule) -> Comparison:
    """That of the condition; those without one have values that are bad above."""
    found = getattr(rule.condition, "comparison", Comparison.ABOVE)
    return Comparison(found)


def _sign(rule: Rule) -> float:
    return -1.0 if _comparison(rule) in _LOWER_IS_BAD else 1.0


def _bars(rule: Rule) -> tuple[list[float], list[float]]:
    """Thresholds and recovery thresholds to be beyond, in the order of the levels."""
    return _padded(rule, [level.threshold for level in rule.levels]), _padded(rule, [*map(_recovery, rule.levels)])


def _recovery(level: Level) -> float | None:
    return level.threshold if level.recovery is None else level.recovery


def _padded(rule: Rule, bars: Sequence[float | None]) -> list[float]:
    comparison, sign = _comparison(rule), _sign(rule)
    found = [np.inf] * MOST_LEVELS
    for place, bar in enumerate(bars):
        if bar is not None:
            found[place] = np.nextafter(sign * bar, -np.inf) if comparison in _EQUAL_IS_BAD else sign * bar
    return [float(bar) for bar in found]
