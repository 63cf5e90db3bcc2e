"""Alerts are put together again from what was recorded, and from what still waits for that."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from services.alerting.domain.rebuilding import rebuilt
from services.alerting.ports.alerts import AlertState, Transition
from services.alerting.ports.states import Batch, Kept
from tests.support.alerts import START, acknowledged, alert, transition

FIRING = transition(alert(state=AlertState.FIRING))
KEPT_FIRING = transition(alert(state=AlertState.KEEP_FIRING, changed_at=START + 60))


class Recorded:
    """A history of these transitions, which are given oldest first."""

    def __init__(self, transitions: Sequence[Transition]) -> None:
        self._transitions = sorted(transitions, key=lambda one: one.step.at)[::-1]

    async def of(self, tenant: str, since: float) -> AsyncGenerator[Transition, None]:
        for one in self._transitions:
            yield one


PENDING = transition(alert(changed_at=FIRING.alert.changed_at))
LIFE = [PENDING, FIRING, acknowledged(FIRING.alert, 30), KEPT_FIRING]


@pytest.mark.parametrize("waiting", [[], [PENDING, FIRING], [FIRING], [KEPT_FIRING], [FIRING, KEPT_FIRING]])
async def test_steps_are_in_order_whatever_is_recorded_already(waiting: list[Transition]) -> None:
    """Also between steps of one moment: pending for no time, and firing."""
    batches = [Batch(f"b{number}", (one,)) for number, one in enumerate(waiting)]
    kept = await rebuilt(Recorded(LIFE), "default", START + 90, Kept(batches=batches))
    [found] = kept.alerts
    assert found.steps == tuple(one.step for one in LIFE)
    assert found.alert == KEPT_FIRING.alert


@pytest.mark.parametrize("batches", [[], [Batch("b", (PENDING, FIRING))]])
async def test_of_one_moment_the_last_is_what_an_alert_became(batches: list[Batch]) -> None:
    recorded = [] if batches else [PENDING, FIRING]
    [found] = (await rebuilt(Recorded(recorded), "default", START + 90, Kept(batches=batches))).alerts
    assert found.alert == FIRING.alert


async def test_what_people_did_by_a_clock_before_that_of_the_samples_comes_after_what_they_did_it_to() -> None:
    """Samples may be stamped seconds ahead."""
    said = acknowledged(FIRING.alert, 8)
    [found] = (await rebuilt(Recorded([FIRING, said]), "default", START + 90, Kept())).alerts
    assert found.steps == (FIRING.step, said.step)
    assert found.alert == said.alert
