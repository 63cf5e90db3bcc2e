"""Rules that look at series in the same way, but for the labels that tell their series apart: asked for together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.alerting.domain.judging.askings import windowed
from services.alerting.domain.judging.measures import escaped
from services.alerting.domain.judging.windows import Instant
from services.alerting.ports.rules import Rule, Threshold
from services.alerting.ports.sources import Selector
from services.core.matching import NAME, Matcher, Operator
from services.core.questions import Selection

MAX_EXPRESSION = 1_000
Values = tuple[str, ...]
INSTANT: tuple[Instant, ...] = ("last", "maximum", "minimum")


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that look at the same series in the same way, but for what their equality matchers name."""

    selection: Selection
    interval: float
    grace: float
    names: tuple[str, ...] = ()

    def narrowed(self, values: Iterable[Values]) -> Selection:
        """The series that have one of some values of the labels, and some others where these are many."""
        told = list(values)
        narrow = [_one_of(name, [one[place] for one in told]) for place, name in enumerate(self.names)]
        return replace(self.selection, matchers=(*self.selection.matchers, *narrow))


def family_of(rule: Rule, selection: Selection) -> tuple[Family, Values]:
    """The family of a rule, and the values by which its series are told from those of the others."""
    labels = [one.label for one in selection.matchers]
    alone = [one for one in selection.matchers if labels.count(one.label) == 1]
    equal = {one.label: one.value for one in alone if _tells_apart(one)}
    names = tuple(sorted(equal))
    rest = tuple(one for one in selection.matchers if one.label not in equal)
    family = Family(replace(selection, matchers=rest), rule.interval, rule.grace, names)
    return family, tuple(equal[name] for name in names)


def plain_selection(rule: Rule) -> Selection | None:
    """The selection of a rule that looks at single series and nothing else; None for any other."""
    if not isinstance(rule.condition, Threshold) or len(rule.condition.expressions) != 1 or rule.minimum_points > 1:
        return None
    [one] = rule.condition.expressions
    source = one.source
    if not isinstance(source, Selection) or source.grouping or one.ranking or one.fill != "none":
        return None
    return windowed(source)


def instant_selection(rule: Rule) -> Selection | None:
    """What an instant rule looks at; None for a rule that is judged on schedule alone."""
    found = plain_selection(rule)
    instant = found and found.function in INSTANT and not found.offset and not found.metric.startswith("__")
    return found if instant else None


def selector_of(selection: Selection) -> Selector:
    """The series of a selection."""
    return Selector(selection.metric, selection.matchers)


def _one_of(name: str, values: Sequence[str]) -> Matcher:
    distinct = sorted(set(values))
    if len(distinct) == 1:
        return Matcher(name, Operator.EQUAL, distinct[0])
    expression = "|".join(map(escaped, distinct))
    if len(expression) <= MAX_EXPRESSION:
        return Matcher(name, Operator.MATCHES, expression)
    return Matcher(name, Operator.NOT_EQUAL, "")


def _tells_apart(matcher: Matcher) -> bool:
    return matcher.operator is Operator.EQUAL and matcher.label != NAME and bool(matcher.value)
