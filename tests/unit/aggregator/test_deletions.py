"""Deletions of which the store does not tell how far they came."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from services.aggregator.domain.keeping.deletions import Deletions
from services.aggregator.ports.deletions import Deletion, Scope
from services.core.errors import Unavailable
from tests.support.clock import ManualClock


class Store:
    """A DeletionStore whose first erasure is done, and reported as failed."""

    def __init__(self, *, fails: bool) -> None:
        self.kept: dict[str, Deletion] = {}
        self.fails = fails

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
        return 0

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


@pytest.mark.parametrize(("scope", "user"), [("user", "ada"), ("tenant", "")])
async def test_what_was_cut_short_may_have_deleted(scope: Scope, user: str) -> None:
    intake: Any = SimpleNamespace(quiet=nothing, renew=nothing)
    rollups: Any = SimpleNamespace(working=asyncio.Lock(), forget=lambda _tenant: None)
    watching: Any = SimpleNamespace(watch=lambda _deletions: None)
    for fails in (False, True):
        forgotten: list[str] = []
        clock, store = ManualClock(1_000.0), Store(fails=fails)
        deletions = Deletions(store, Archives(), intake, rollups, watching, clock, forgotten.append)
        await deletions.begin("acme", scope, user)
        await clock.advance(1.0)
        if fails:
            with pytest.raises(Unavailable):
                await deletions.round()
        await deletions.round()
        # Where nothing was deleted for certain all may be told from memory.
        assert forgotten == (["acme"] if fails else [])
