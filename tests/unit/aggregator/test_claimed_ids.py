"""The set of ids that many runs and a few fresh ones make up."""

from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given, strategies as st

from services.aggregator.domain.intake import claimed_ids
from services.aggregator.domain.intake.claimed_ids import RUN_US, ClaimedIds
from services.aggregator.ports.claims import ClaimRun

MANY = 1_000_000


def name(number: int) -> bytes:
    return blake2b(str(number).encode(), digest_size=16).digest()


# Ids that share a half, which bisection alone does not tell apart.
HALVES = st.binary(min_size=8, max_size=8) | st.integers(0, 3).map(lambda n: bytes([n]) + bytes(7))
IDS = st.tuples(HALVES, HALVES).map(b"".join)


@given(st.lists(st.lists(IDS, max_size=30), max_size=8), st.lists(IDS, min_size=1, max_size=30))
def test_it_holds_what_was_added_and_nothing_else(batches: list[list[bytes]], others: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claimed_ids, "FRESH_IDS", 8)
        ids = ClaimedIds(MANY)
        for hour, batch in enumerate(batches):
            ids.add(batch, hour * RUN_US // 2)
    added = {one for batch in batches for one in batch}
    asked = [*added, *others]
    assert ids.held(asked).tolist() == [one in added for one in asked]


def test_what_is_older_is_forgotten_and_what_is_younger_is_not() -> None:
    ids = ClaimedIds(MANY)
    for hour in range(9):
        ids.add([name(hour)], hour * RUN_US)
    for before in range(12):
        ids.forget(before * RUN_US)
        held = ids.held([name(hour) for hour in range(9)]).tolist()
        assert all(held[before:])
        assert not any(held[: max(before - 2, 0)])


def test_without_room_the_oldest_give_way_and_it_tells_from_when_on_it_knows_all() -> None:
    ids = ClaimedIds(160)
    for number in range(1_000):
        ids.add([name(number)], number * 1_000_000)
    assert 150 <= len(ids) <= 170
    held = ids.held([name(number) for number in range(1_000)])
    first = int(np.argmax(held))
    assert held[first:].all()
    assert ids.complete_from_us == first * 1_000_000


def test_what_was_remembered_elsewhere_is_held_too() -> None:
    ids = ClaimedIds(MANY)
    ids.restore([ClaimRun(0, np.array([name(2), name(1)], "S16"))], 0)
    ids.add([name(3)], RUN_US)
    assert ids.held([name(number) for number in range(5)]).tolist() == [False, True, True, True, False]
