from itertools import pairwise

from hypothesis import given, strategies as st

from services.alerting.domain.states import ACTIVE, Judgement, Terms, advance
from services.alerting.ports import Alert, AlertState, Severity
from tests.support.alerts import START

TERMS = Terms("slow", "Slow", Severity.WARNING, threshold=5.0, hold=10.0)
AT_ONCE = Terms("gone", "Gone", Severity.WARNING, threshold=5.0, hold=0.0)

HISTORY = st.lists(st.tuples(st.floats(0.0, 30.0), st.booleans()), max_size=60)


def play(history: list[tuple[float, bool]], terms: Terms = TERMS) -> list[tuple[float, bool, Alert | None]]:
    """The machine's answers to judgements, each so many seconds after the one before."""
    at = START
    alert: Alert | None = None
    answers: list[tuple[float, bool, Alert | None]] = []
    for seconds, holds in history:
        at += seconds
        active = alert if alert is not None and alert.state in ACTIVE else None
        alert = advance(active, terms, "default", "shop", Judgement(holds, at), at)
        answers.append((at, holds, alert))
    return answers


@given(HISTORY)
def test_it_fires_exactly_when_the_condition_has_held_for_the_hold(history: list[tuple[float, bool]]) -> None:
    held_since = None
    for at, holds, alert in play(history):
        held_since = (held_since if held_since is not None else at) if holds else None
        firing = alert is not None and alert.state is AlertState.FIRING
        assert firing == (held_since is not None and at - held_since >= TERMS.hold)


@given(HISTORY)
def test_an_episode_fires_once_and_keeps_its_identity_and_its_start(history: list[tuple[float, bool]]) -> None:
    order = [AlertState.PENDING, AlertState.FIRING, AlertState.RESOLVED]
    episodes: dict[str, list[Alert]] = {}
    for _at, _holds, alert in play(history):
        if alert is not None:
            episodes.setdefault(alert.id, []).append(alert)
    for alerts in episodes.values():
        assert len({alert.started_at for alert in alerts}) == 1
        assert len({alert.fired_at for alert in alerts} - {None}) <= 1
        ranks = [order.index(alert.state) for alert in alerts if alert.state in order]
        assert ranks == sorted(ranks)


@given(HISTORY)
def test_an_ended_condition_resolves_what_fired_and_drops_what_did_not(history: list[tuple[float, bool]]) -> None:
    for (_, _, before), (at, holds, after) in pairwise(play(history)):
        if holds or before is None or before.state not in ACTIVE:
            continue
        assert after is not None
        fired = before.state is AlertState.FIRING
        assert after.state is (AlertState.RESOLVED if fired else AlertState.INACTIVE)
        assert after.ended_at == at


def test_nothing_follows_while_the_condition_never_held() -> None:
    assert [alert for _, _, alert in play([(1, False)] * 3)] == [None] * 3


def test_without_a_hold_it_fires_at_once() -> None:
    ((at, _, alert),) = play([(1, True)], AT_ONCE)
    assert alert is not None
    assert (alert.state, alert.started_at, alert.fired_at) == (AlertState.FIRING, at, at)


def test_the_value_is_the_one_seen_last() -> None:
    answers = play([(1, True), (1, True), (20, True), (1, False)])
    assert [alert.value for _, _, alert in answers if alert] == [at for at, _, _ in answers]


def test_the_same_input_gives_the_same_identity_and_another_episode_another() -> None:
    history = [(1.0, True), (20.0, True), (1.0, False), (1.0, True)]
    ids = [alert.id for _, _, alert in play(history) if alert]
    assert ids == [alert.id for _, _, alert in play(history) if alert]
    assert len(set(ids)) == 2
