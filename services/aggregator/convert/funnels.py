"""Funnels, from messages and back."""

from collections.abc import Mapping, Sequence

from binnacle.aggregator.v1 import session_service_pb2 as pb
from services.aggregator.convert.time_ranges import range_from
from services.aggregator.domain.business.funnels import Funnel, StepFigures
from services.aggregator.ports.funnels import Actor, FunnelQuestion, FunnelStep
from services.core.errors import InvalidInput
from services.runtime.event_conditions import conditions_from, field_from

LEAST_STEPS, MOST_STEPS = 2, 12
MAX_NAME = 100
HOUR, LONGEST_WINDOW = 3_600, 30 * 86_400
DEFAULT_GROUPS, MOST_GROUPS = 10, 100
_ACTORS: Mapping[int, Actor] = {
    pb.FUNNEL_ACTOR_UNSPECIFIED: "session_id",
    pb.FUNNEL_ACTOR_SESSION: "session_id",
    pb.FUNNEL_ACTOR_USER: "user_id",
}


def question_from(asked: pb.GetFunnelRequest, now: float) -> FunnelQuestion:
    """The funnel asked for. Raises InvalidInput."""
    if not LEAST_STEPS <= len(asked.steps) <= MOST_STEPS:
        raise InvalidInput.of("steps", f"must be {LEAST_STEPS} to {MOST_STEPS}")
    if asked.window_seconds > LONGEST_WINDOW:
        raise InvalidInput.of("window_seconds", f"must be at most {LONGEST_WINDOW:,}")
    if asked.actor not in _ACTORS:
        raise InvalidInput.of("actor", "must be FUNNEL_ACTOR_SESSION or FUNNEL_ACTOR_USER")
    return FunnelQuestion(
        *range_from(asked, now),
        tuple(_step(f"steps[{number}]", step) for number, step in enumerate(asked.steps)),
        (asked.window_seconds or HOUR) * 1_000_000,
        _ACTORS[asked.actor],
        field_from("breakdown", asked.breakdown) if asked.breakdown else "",
    )


def groups_from(asked: pb.GetFunnelRequest) -> int:
    """How many values to tell apart; 0 without a breakdown. Raises InvalidInput."""
    if asked.breakdown_limit > MOST_GROUPS:
        raise InvalidInput.of("breakdown_limit", f"must be between 1 and {MOST_GROUPS}")
    return (asked.breakdown_limit or DEFAULT_GROUPS) if asked.breakdown else 0


def _step(place: str, given: pb.FunnelStep) -> FunnelStep:
    if not 1 <= len(given.type) <= MAX_NAME:
        raise InvalidInput.of(f"{place}.type", f"must have 1 to {MAX_NAME} characters")
    if len(given.name) > MAX_NAME:
        raise InvalidInput.of(f"{place}.name", f"must have at most {MAX_NAME} characters")
    return FunnelStep(given.name or given.type, given.type, conditions_from(f"{place}.conditions", given.conditions))


def response(question: FunnelQuestion, found: Funnel, values: Mapping[int, str]) -> pb.GetFunnelResponse:
    """The funnel."""
    first, last = found.steps[0], found.steps[-1]
    groups = [
        pb.FunnelGroup(value=values.get(group, ""), steps=_figures(question, steps))
        for group, steps in found.groups.items()
    ]
    if found.rest is not None:
        groups.append(pb.FunnelGroup(rest=True, steps=_figures(question, found.rest)))
    return pb.GetFunnelResponse(
        steps=_figures(question, found.steps),
        groups=groups,
        conversion_rate=_percent(last.count, first.count),
        median_seconds=last.from_first_seconds,
    )


def _figures(question: FunnelQuestion, steps: Sequence[StepFigures]) -> list[pb.FunnelStepFigures]:
    told = []
    for number, (step, figures) in enumerate(zip(question.steps, steps, strict=True)):
        previous = steps[number - 1].count if number else figures.count
        told.append(
            pb.FunnelStepFigures(
                name=step.name,
                count=figures.count,
                conversion_from_first=_percent(figures.count, steps[0].count),
                conversion_from_previous=_percent(figures.count, previous),
                dropped=previous - figures.count,
                median_seconds_from_previous=figures.from_previous_seconds,
                median_seconds_from_first=figures.from_first_seconds,
            )
        )
    return told


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0
