import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from services.alerting.domain.acting import CLAIM_SECONDS, Acting, Life
from services.alerting.ports.actions import Run
from services.alerting.ports.alerts import Alert, AlertState, AlertStep
from services.alerting.ports.notifications import Answer, Verdict
from services.alerting.ports.rules import Action, Rule
from services.alerting.ports.states import KeptAlert
from services.core.errors import Unavailable
from tests.support.alerts import START, rule
from tests.support.clock import ManualClock
from tests.support.incidents import fires

DONE = Answer(Verdict.DELIVERED, "restarted", 200)
DOUBTFUL = Answer(Verdict.DOUBTFUL, "no answer")


class World:
    """Alerts, a receiver that answers in turn, and a store that may be away."""

    def __init__(self, *answers: Answer, **told: object) -> None:
        self.rule: Rule = replace(rule(), action=Action("hook", **told))  # type: ignore[arg-type]
        self.alerts: dict[str, KeptAlert] = {}
        self.runs: list[Run] = []
        self.repaired: list[tuple[str, str]] = []
        self.called_at: dict[str, float] = {}
        self.away = False
        self.stands_still = 0.0
        self.clock = ManualClock(START)
        self._answers = list(answers)
        life = Life(lambda: {self.rule.id: self.rule}, lambda: self.alerts, self._note, self._repaired)
        self.acting = Acting("default", life, self, self.clock)

    async def call(self, receiver_id: str, run: Run, go: Callable[[], None]) -> Answer:
        go()
        self.runs.append(run)
        self.called_at[run.key] = self.clock.now()
        return self._answers.pop(0) if self._answers else DONE

    def fires(self, *names: str) -> list[Alert]:
        made = [fires(name, incident_id="i1") for name in names]
        self.alerts.update((one.id, KeptAlert(one, ())) for one in made)
        self.acting.joined(made)
        return made

    def steps(self, name: str) -> list[str]:
        return [step.what.removeprefix("action_") for step in self.alerts[name].steps]

    async def until(self, name: str, *steps: str) -> None:
        """Let time pass until these are the steps of an alert."""
        for _turn in range(200):
            if self.steps(name) == list(steps):
                return
            await asyncio.sleep(0)
            await self.clock.advance(1.0)
        raise AssertionError(self.steps(name))

    async def _note(self, alert_id: str, step: AlertStep) -> None:
        if self.away:
            raise Unavailable("Redis does not answer")
        seconds, self.stands_still = self.stands_still, 0.0
        await self.clock.advance(seconds)
        kept = self.alerts[alert_id]
        self.alerts[alert_id] = KeptAlert(kept.alert, (*kept.steps, step))

    def _repaired(self, alert_id: str, person: str) -> None:
        self.repaired.append((alert_id, person))


@asynccontextmanager
async def running(world: World) -> AsyncIterator[World]:
    task = asyncio.create_task(world.acting.run())
    try:
        yield world
    finally:
        task.cancel()


async def test_a_call_is_kept_before_it_is_made_and_what_came_of_it_after() -> None:
    async with running(World()) as world:
        world.away = True
        world.fires("a")
        for _turn in range(20):
            await asyncio.sleep(0)
            await world.clock.advance(1.0)
        assert world.runs == []
        world.away = False
        await world.until("a", "started", "succeeded")
        assert [(run.key, run.may_be_repeat) for run in world.runs] == [("a-action", False)]


async def test_what_is_doubtful_is_called_again_under_the_same_key_and_says_so() -> None:
    async with running(World(DOUBTFUL, DOUBTFUL)) as world:
        world.fires("a")
        await world.until("a", "started", "started", "started", "succeeded")
        assert [(run.key, run.may_be_repeat) for run in world.runs] == [
            ("a-action", False),
            ("a-action", True),
            ("a-action", True),
        ]


async def test_a_call_that_was_kept_too_long_ago_is_not_made_as_if_it_were_the_first() -> None:
    async with running(World()) as world:
        # As a process does that is frozen while another takes its place, and its call.
        world.stands_still = CLAIM_SECONDS + 1
        world.fires("a")
        await world.until("a", "started", "started", "succeeded")
        assert [run.may_be_repeat for run in world.runs] == [True]


async def test_what_is_refused_is_not_called_again() -> None:
    async with running(World(Answer(Verdict.REFUSED, "no such thing", 404))) as world:
        world.fires("a")
        await world.until("a", "started", "failed")
        assert world.alerts["a"].steps[-1].comment == "no such thing"


async def test_in_a_dry_run_nothing_is_called() -> None:
    async with running(World(dry_run=True)) as world:
        world.fires("a")
        await world.until("a", "tried")
        assert world.runs == []


async def test_within_an_hour_it_is_called_so_often_and_no_more() -> None:
    async with running(World(per_hour=2)) as world:
        world.fires("a", "b", "c")
        await world.until("c", "limited")
        assert len(world.runs) == 2
        await world.clock.advance(3_600.0)
        world.fires("d")
        await world.until("d", "started", "succeeded")


async def test_what_it_repaired_is_over_once_the_data_agrees() -> None:
    async with running(World(resolves=True)) as world:
        world.fires("a")
        world.acting.agreed("a")
        assert world.repaired == []
        await world.until("a", "started", "succeeded")
        world.acting.agreed("a")
        assert set(world.repaired) == {("a", "action hook")}


async def test_after_a_restart_what_may_have_been_lost_is_called_again() -> None:
    world = World()
    begun = KeptAlert(
        fires("a", incident_id="i1"), (AlertStep(START, "action_started", world.rule.levels[0].severity, 1),)
    )
    done = KeptAlert(fires("b", incident_id="i1"), (*begun.steps, replace(begun.steps[0], what="action_succeeded")))
    over = KeptAlert(replace(fires("c", incident_id="i1"), state=AlertState.RESOLVED), begun.steps)
    not_begun = KeptAlert(fires("d", incident_id="i1"), ())
    world.alerts = {one.alert.id: one for one in (begun, done, over, not_begun)}
    world.acting.adopt(world.alerts.values())
    async with running(world):
        await world.until("d", "started", "succeeded")
        await world.until("a", "started", "started", "succeeded")
        assert {run.key: run.may_be_repeat for run in world.runs} == {"a-action": True, "d-action": False}
        # Until then the former leader may still be calling.
        assert world.called_at["d-action"] < START + CLAIM_SECONDS <= world.called_at["a-action"]
