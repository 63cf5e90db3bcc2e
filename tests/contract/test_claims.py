"""What every Store promises of claims."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import blake2b
from pathlib import Path

import pytest

from services.aggregator.ports.claims import Claim, Claimed, ClaimHistory
from services.aggregator.ports.store import Store
from tests.support.journals import JOURNAL, NOW, record, segment
from tests.support.stores import MAKERS, opened

ANOTHER = "00000000000000bb"
NOW_US = round(NOW * 1e6)
HOUR_US = 3_600_000_000
MANY = 1_000


@pytest.fixture(
    params=["memory", pytest.param("chdb", marks=pytest.mark.store), pytest.param("server", marks=pytest.mark.store)]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(MAKERS[request.param](tmp_path / "store")) as ready:
        yield ready


def claim(name: str, offset: int = 0, *, journal: str = JOURNAL, hours_ago: float = 0.0) -> Claim:
    identity = blake2b(name.encode(), digest_size=16).digest()
    return Claim(identity, journal, offset, NOW_US - round(hours_ago * HOUR_US))


async def commit(store: Store, claims: Sequence[Claim], first_offset: int = 0) -> None:
    if claims:
        known = (await store.claims(HOUR_US, MANY)).position
        assert await store.claim(claims, known) == Claimed(known + 1)
    await store.commit(segment(record(events=[{"type": "a"}]), first_offset=first_offset))


def ids(history: ClaimHistory) -> list[bytes]:
    return sorted(one for run in history.runs for one in run.ids.tolist())


def names(*claims: Claim) -> list[bytes]:
    return sorted(each.id for each in claims)


async def test_a_new_store_has_none(store: Store) -> None:
    history = await store.claims(HOUR_US, MANY)
    assert (ids(history), list(history.uncommitted), history.complete_from_us) == ([], [], 0)


async def test_claims_come_back_oldest_first_with_the_newest_time(store: Store) -> None:
    claims = [claim(f"k{n}", n, hours_ago=n / 10) for n in range(50)]
    await commit(store, claims)
    history = await store.claims(24 * HOUR_US, MANY)
    assert ids(history) == names(*claims)
    assert history.newest_us == NOW_US
    moments = [run.from_us for run in history.runs]
    assert moments == sorted(moments)


async def test_an_id_may_end_with_zeros(store: Store) -> None:
    odd = Claim(bytes([7]) + bytes(15), JOURNAL, 5, NOW_US)
    await commit(store, [odd])
    history = await store.claims(HOUR_US, MANY)
    assert [run.ids.tobytes() for run in history.runs] == [odd.id]
    assert list(history.uncommitted) == [odd]


async def test_only_claims_of_records_not_committed_come_back_with_their_places(store: Store) -> None:
    mine, theirs, ahead = claim("mine", 0), claim("theirs", 3, journal=ANOTHER), claim("ahead", 1)
    await commit(store, [mine, theirs, ahead])
    assert set((await store.claims(HOUR_US, MANY)).uncommitted) == {theirs, ahead}
    await commit(store, [], first_offset=1)
    assert set((await store.claims(HOUR_US, MANY)).uncommitted) == {theirs}


async def test_of_two_claims_of_one_id_the_last_holds(store: Store) -> None:
    first, last = claim("k", 5), claim("k", 7, journal=ANOTHER, hours_ago=0.1)
    await commit(store, [first])
    await commit(store, [last], first_offset=1)
    assert last in (await store.claims(HOUR_US, MANY)).uncommitted


async def test_the_horizon_counts_from_the_newest_claim(store: Store) -> None:
    claims = [claim("new"), claim("old", 1, hours_ago=3), claim("older", 2, hours_ago=5)]
    await commit(store, claims)
    assert ids(await store.claims(4 * HOUR_US, MANY)) == names(*claims[:2])


async def test_no_more_than_asked_for_the_newest_ones(store: Store) -> None:
    claims = [claim(f"k{n}", n, hours_ago=n) for n in range(6)]
    await commit(store, claims)
    history = await store.claims(24 * HOUR_US, 4)
    assert ids(history) == names(*claims[:4])
    assert claims[4].claimed_us < history.complete_from_us <= NOW_US
    assert (await store.claims(24 * HOUR_US, 6)).complete_from_us == 0


async def test_who_does_not_know_all_claims_is_told_them_and_makes_none(store: Store) -> None:
    start = (await store.claims(HOUR_US, MANY)).position
    first, second, third = (claim(name, n) for n, name in enumerate(("a", "b", "c")))
    assert await store.claim([first], start) == Claimed(start + 1)
    assert await store.claim([second], start + 1) == Claimed(start + 2)
    told = await store.claim([third], start)
    assert (told.position, list(told.others)) == (start + 2, [first, second])
    assert set((await store.claims(HOUR_US, MANY)).uncommitted) == {first, second}


async def test_of_many_at_once_one_claims_and_the_others_are_told(store: Store) -> None:
    start = (await store.claims(HOUR_US, MANY)).position
    rivals = [claim("k", n) for n in range(4)]
    answers = await asyncio.gather(*(store.claim([rival], start) for rival in rivals))
    [winner] = [rival for rival, told in zip(rivals, answers, strict=True) if not told.others]
    assert all(list(told.others) in ([], [winner]) for told in answers)
    assert list((await store.claims(HOUR_US, MANY)).uncommitted) == [winner]
