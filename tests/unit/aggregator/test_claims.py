"""Who holds a name: what is shown, what is stored, what is made durable, what is forgotten."""

import numpy as np

from services.aggregator.domain.intake.claims import Claims, RepeatLimits, Verdict, id_of
from services.aggregator.ports.claims import ClaimHistory, ClaimRun
from services.aggregator.ports.records import Record
from tests.support.clock import ManualClock
from tests.support.journals import NOW, read, record
from tests.unit.aggregator.observers import SilentObserver

A, B = "00000000000000aa", "00000000000000bb"
HOUR = 3_600


def records(*names: str, first: int = 0, tenant: str = "default") -> list[Record]:
    return read(first, [record(tenant=tenant, batch=name, events=[{"type": "a"}]) for name in names])


def kept(verdict: Verdict) -> list[bool]:
    return [each.events is not None for each in verdict.records]


def shown(answer: "list[Record] | tuple[Record, ...]") -> list[bool]:
    return [each.events is not None for each in answer]


class Scene:
    def __init__(self, limits: RepeatLimits | None = None, history: ClaimHistory | None = None) -> None:
        self.clock, self.observer = ManualClock(NOW), SilentObserver()
        self.claims = Claims(self.clock, self.observer, limits)
        self.claims.restore(history or ClaimHistory())

    def shows(self, journal: str, *names: str, first: int = 0) -> list[bool]:
        return shown(list(self.claims.arrived(journal, records(*names, first=first))))

    def stores(self, journal: str, *names: str, first: int = 0) -> list[bool]:
        verdict = self.claims.decide(journal, records(*names, first=first))
        self.claims.committed(journal, verdict)
        return kept(verdict)


def test_records_without_a_name_are_never_repeats() -> None:
    scene = Scene()
    assert scene.shows(A, "", "") == scene.shows(B, "", "") == [True, True]
    assert scene.stores(A, "", "") == scene.stores(B, "", "") == [True, True]


def test_the_first_to_arrive_is_shown() -> None:
    scene = Scene()
    assert scene.shows(A, "k", "l") == [True, True]
    assert scene.shows(B, "l", "m", "k") == [False, True, False]


def test_the_first_to_be_committed_is_stored() -> None:
    scene = Scene()
    scene.shows(A, "k")
    scene.shows(B, "k")
    assert scene.stores(B, "k") == [True]
    assert scene.stores(A, "k") == [False]
    assert scene.observer.repeats == 1


def test_a_name_twice_in_one_journal_counts_once() -> None:
    scene = Scene()
    assert scene.shows(A, "k", "k") == [True, False]
    assert scene.stores(A, "k", "k") == [True, False]
    assert scene.shows(A, "k", first=2) == [False]
    assert scene.stores(A, "k", first=2) == [False]


def test_tenants_have_names_of_their_own() -> None:
    scene = Scene()
    scene.shows(A, "k")
    assert shown(list(scene.claims.arrived(B, records("k", tenant="other")))) == [True]
    assert id_of("a", "bc") != id_of("ab", "c")


def test_a_repeated_request_still_tells_its_series() -> None:
    scene = Scene()
    first, second = (
        read(0, [record(batch="k", series=[(1, "cpu", {})], samples=[(1, NOW, 1.0)])]) for _journal in range(2)
    )
    scene.claims.arrived(A, first)
    [left] = scene.claims.arrived(B, second)
    assert (left.samples, [series.name for series in left.series]) == (None, ["cpu"])


def test_a_segment_tried_again_is_decided_as_before() -> None:
    scene = Scene()
    first = scene.claims.decide(A, records("k", "l"))
    assert scene.stores(B, "l", "m") == [False, True]
    assert kept(scene.claims.decide(A, records("k", "l"))) == kept(first)
    assert scene.stores(A, "k", "l") == [True, True]


def test_what_another_segment_claimed_is_made_durable_by_all_that_depend_on_it() -> None:
    scene = Scene()
    first = scene.claims.decide(A, records("k"))
    second = scene.claims.decide(B, records("k", "l"))
    assert kept(second) == [False, True]
    assert [claim.id for claim in second.claims] == [id_of("default", "k"), id_of("default", "l")]
    assert second.claims[0] == first.claims[0]
    scene.claims.committed(A, first)
    assert not scene.claims.decide(B, records("k")).claims


def test_after_a_start_durable_claims_hold_for_their_places_and_against_all_others() -> None:
    before = Scene()
    claims = before.claims.decide(A, records("k")).claims
    history = ClaimHistory(uncommitted=claims, newest_us=claims[0].claimed_us)
    scene = Scene(history=history)
    assert scene.shows(B, "k") == [False]
    assert scene.stores(B, "k") == [False]
    assert scene.shows(A, "k") == [True]
    assert scene.stores(A, "k") == [True]


def test_a_claim_is_younger_than_every_claim_known_though_the_clock_was_set_back() -> None:
    newest_us = round((NOW + 60) * 1e6)
    scene = Scene(history=ClaimHistory(newest_us=newest_us))
    [claim] = scene.claims.decide(A, records("k")).claims
    assert claim.claimed_us > newest_us


def test_a_start_that_is_tried_again_takes_the_same_room() -> None:
    scene = Scene()
    for _start in range(2):
        scene.claims.restore(ClaimHistory([ClaimRun(0, np.array([id_of("default", "k")], "S16"))]))
        assert scene.observer.names_held == 1


async def test_within_the_horizon_a_name_is_known_and_beyond_it_is_not() -> None:
    scene = Scene(RepeatLimits(horizon_seconds=5 * HOUR, names=16))
    scene.stores(A, "k")
    for _hour in range(4):
        await scene.clock.advance(HOUR)
        scene.claims.forget()
    assert scene.stores(B, "k") == [False]
    for _hour in range(4):
        await scene.clock.advance(HOUR)
        scene.claims.forget()
    assert scene.stores(B, "k", first=1) == [True]


async def test_after_a_start_nothing_is_forgotten_before_collectors_have_caught_up() -> None:
    old_us = round((NOW - 30 * HOUR) * 1e6)
    runs = [ClaimRun(old_us, np.array([id_of("default", "k")], "S16"))]
    scene = Scene(history=ClaimHistory(runs, newest_us=old_us))
    scene.claims.forget()
    assert scene.stores(B, "k") == [False]
    await scene.clock.advance(HOUR + 1)
    scene.claims.forget()
    assert scene.stores(B, "k", first=1) == [True]


def test_too_many_names_shorten_the_horizon_and_it_is_told() -> None:
    scene = Scene(RepeatLimits(names=160))
    assert scene.observer.horizon_seconds == 24 * HOUR
    for number in range(400):
        scene.stores(A, f"k{number}", first=number)
    assert scene.observer.horizon_seconds < 1.0
    assert scene.stores(B, "k399") == [False]
    assert scene.stores(B, "k0", first=1) == [True]
