"""Deletions of which the store does not tell how far they came."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from services.aggregator.domain.keeping.deletions import Deletions
from services.aggregator.ports.deletions import Deletion, Scope
from services.core.errors import Unavailable
from tests.support.clock import ManualClock


class Store:
    """A DeletionStore whose erasures delete so many rows; the first may be done, and reported as failed."""

    def __init__(self, *, fails: bool = False, erased: int = 0) -> None:
        self.kept: dict[str, Deletion] = {}
        self.fails = fails
        self.erased = erased

    async def save(self, deletion: Deletion) -> None:
        self.kept[deletion.id] = deletion

    async def of_tenant(self, tenant: str, limit: int) -> Sequence[Deletion]:
        return list(self.kept.values())

    async def unclosed(self) -> Sequence[Deletion]:
        return list(self.kept.values())

    async def erase(self, deletion: Deletion) -> int:
        if self.fails:
            self.fails = False
            raise Unavailable("the store does not answer")
        return self.erased

    async def late(self, deletion: Deletion) -> int:
        return 0

    async def leftovers(self, deletion: Deletion) -> int:
        return 0


class Archives:
    """Archives that hold nothing."""

    async def erase(self, deletion: Deletion) -> int:
        return 0


async def nothing() -> None:
    """What others have to do meanwhile."""


def deletions_of(
    store: Store, clock: ManualClock, forget: Callable[[str], None], renew: Callable[[], Awaitable[None]] = nothing
) -> Deletions:
    intake: Any = SimpleNamespace(quiet=nothing, renew=renew)
    rollups: Any = SimpleNamespace(working=asyncio.Lock(), forget=lambda _tenant: None)
    watching: Any = SimpleNamespace(watch=lambda _deletions: None)
    return Deletions(store, Archives(), intake, rollups, watching, clock, forget)


async def test_answers_are_forgotten_once_what_they_are_made_of_was_read_anew() -> None:
    """One that is made before tells what was deleted, and is told again."""
    order: list[str] = []

    async def renew() -> None:
        order.append("read anew")

    clock = ManualClock(1_000.0)
    deletions = deletions_of(Store(erased=3), clock, order.append, renew)
    await deletions.begin("acme", "user", "ada")
    await clock.advance(1.0)
    await deletions.round()
    assert order == ["read anew", "acme"]


@pytest.mark.parametrize(("scope", "user"), [("user", "ada"), ("tenant", "")])
async def test_what_was_cut_short_may_have_deleted(scope: Scope, user: str) -> None:
    for fails in (False, True):
        forgotten: list[str] = []
        clock, store = ManualClock(1_000.0), Store(fails=fails)
        deletions = deletions_of(store, clock, forgotten.append)
        await deletions.begin("acme", scope, user)
        await clock.advance(1.0)
        if fails:
            with pytest.raises(Unavailable):
                await deletions.round()
        await deletions.round()
        # Where nothing was deleted for certain all may be told from memory.
        assert forgotten == (["acme"] if fails else [])
