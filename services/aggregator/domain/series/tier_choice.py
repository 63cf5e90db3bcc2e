"""Which tier a selection is answered from: the cheapest that is exact for it."""

from dataclasses import dataclass

from services.aggregator.domain.series.cell_folding import FIELDS
from services.aggregator.domain.series.grid import Grid
from services.aggregator.domain.series.question import Selection
from services.aggregator.domain.series.series_index import Found
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE, TIERS
from services.aggregator.ports.time_series import Fold
from services.core.errors import InvalidInput

SAMPLES = 0
DISTRIBUTIONS = -1
TRAFFIC = -2
LOOK_BACK_MS = 300_000
DISTRIBUTION_SECONDS = 7 * DAY
NAMES = {
    TRAFFIC: "traffic",
    DISTRIBUTIONS: "histograms",
    SAMPLES: "samples",
    MINUTE: "minutes",
    HOUR: "hours",
    DAY: "days",
}
DELTA_KIND = 3
_HISTOGRAMS = (4, 5)
SUMMARY_KIND = 6
_LOOKING_BACK = ("last", "rate", "increase")
_OF_HISTOGRAMS = ("average", "sum", "count", "rate", "increase", "quantile")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a selection is answered. `fold` is what is done with its series: increments are only summed up."""

    name: str
    selection: Selection
    found: Found
    tier: int
    window_ms: int
    fold: Fold
    reason: str

    @property
    def scale(self) -> float:
        """What a folded value is multiplied with: increments a second are their sum by the seconds."""
        return 1e3 / self.window_ms if self.selection.fold.function == "rate" and self.fold.function == "sum" else 1.0


def planned(name: str, selection: Selection, found: Found, grid: Grid) -> Plan:
    """The plan of a selection. Raises InvalidInput where its series are of kinds that do not go together."""
    fold = selection.fold
    window = window_of(selection, grid)
    kinds = set(found.kinds.tolist())
    if kinds & {*_HISTOGRAMS, SUMMARY_KIND}:
        _require_alike(kinds, fold)
        reason = "the metric is one of distributions: their buckets are merged as they were sent"
        return Plan(name, selection, found, DISTRIBUTIONS, window, fold, reason)
    if kinds == {DELTA_KIND} and fold.function in ("rate", "increase"):
        fold = Fold("sum")
    tier, reason = _tier(fold, grid, window, selection.offset_ms)
    return Plan(name, selection, found, tier, window, fold, reason)


def window_of(selection: Selection, grid: Grid) -> int:
    """Length of the windows in milliseconds."""
    if selection.window_ms is not None:
        return selection.window_ms
    least = LOOK_BACK_MS if grid.instant or selection.fold.function in _LOOKING_BACK else 0
    return max(grid.step_ms, least)


def _require_alike(kinds: set[int], fold: Fold) -> None:
    summaries = kinds == {SUMMARY_KIND}
    if not summaries and not kinds <= set(_HISTOGRAMS):
        raise InvalidInput.of("query.expressions", "series of samples, histograms and summaries do not go together")
    if not summaries and fold.function not in _OF_HISTOGRAMS:
        raise InvalidInput.of("query.expressions", f"of histograms there is {', '.join(_OF_HISTOGRAMS)}")


def _tier(fold: Fold, grid: Grid, window_ms: int, offset_ms: int) -> tuple[int, str]:
    if fold.function not in FIELDS:
        return SAMPLES, f"{fold.function} is exact from samples only"
    lengths = [grid.first_ms, grid.step_ms, window_ms, offset_ms]
    for tier in sorted(TIERS, reverse=True):
        if not any(length % (tier * 1_000) for length in lengths) and (grid.step_ms or window_ms):
            return tier, f"{fold.function} is exact from {NAMES[tier]}: steps and windows are whole {NAMES[tier]}"
    return SAMPLES, "the steps, the windows or the offset are no whole minutes"
