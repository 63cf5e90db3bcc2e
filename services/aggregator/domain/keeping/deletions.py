"""The life of a deletion: late rows are held back at once, then rows are deleted, then what is left is looked for."""

import asyncio
import contextlib
import dataclasses
import secrets
from collections.abc import Callable, Sequence
from typing import NoReturn

from services.aggregator.domain.intake.forgotten import Forgotten
from services.aggregator.domain.intake.intake import Intake
from services.aggregator.domain.intake.rollups import RollUps
from services.aggregator.ports.deletions import (
    ArchivedRows,
    Deletion,
    DeletionState,
    DeletionStore,
    Scope,
    digest_of,
)
from services.core.clock import Clock
from services.core.errors import NotFound, Unavailable

MICRO = 1_000_000
ROUND_SECONDS = 1.0
WATCHED_SECONDS = 48 * 3_600
# A deletion that is done is looked at again when it has got older by this factor, a minute at first.
FIRST_LOOK_SECONDS = 60.0
GROWTH = 2.0
LISTED = 1_000


class Deletions:
    """Everybody's deletions. Belongs to one event loop.

    `forget` is told of tenants of which rows were deleted: nothing of them may be told from memory.
    """

    def __init__(
        self,
        store: DeletionStore,
        archives: ArchivedRows,
        intake: Intake,
        rollups: RollUps,
        forgotten: Forgotten,
        clock: Clock,
        forget: Callable[[str], None] = lambda _tenant: None,
    ) -> None:
        self._store = store
        self._archives = archives
        self._intake = intake
        self._rollups = rollups
        self._forgotten = forgotten
        self._clock = clock
        self._forget = forget
        self._changing = asyncio.Lock()
        self._erased: set[str] = set()

    async def begin(self, tenant: str, scope: Scope, user_id: str = "") -> Deletion:
        """Ask for a deletion; it is kept, and late rows are held back, when this returns."""
        identity = secrets.token_hex(16)
        now = self._now_us()
        digest = digest_of(identity, user_id) if scope == "user" else ""
        deletion = Deletion(identity, tenant, scope, digest, now, verified_us=now)
        async with self._changing:
            await self._store.save(deletion)
            self._forgotten.watch(await self._store.unclosed())
        return deletion

    async def of_tenant(self, tenant: str) -> Sequence[Deletion]:
        """A tenant's deletions, the newest first."""
        return await self._store.of_tenant(tenant, LISTED)

    async def get(self, tenant: str, identity: str) -> Deletion:
        """One of a tenant's deletions. Raises NotFound."""
        for deletion in await self._store.of_tenant(tenant, LISTED):
            if deletion.id == identity:
                return deletion
        raise NotFound("there is no such deletion")

    async def resume(self) -> None:
        """Hold back late rows again, after a start; to be done before anything is taken in."""
        self._forgotten.watch(await self._store.unclosed())

    async def run(self) -> NoReturn:
        """Carry deletions out, round after round, until cancelled."""
        while True:
            await self._clock.sleep(ROUND_SECONDS)
            with contextlib.suppress(Unavailable):
                await self.round()

    async def round(self) -> None:
        """Take each deletion one step further."""
        async with self._changing:
            unclosed = await self._store.unclosed()
            # Others over the same store may have been asked.
            self._forgotten.watch(unclosed)
        for deletion in unclosed:
            await self._step(deletion)

    async def _step(self, deletion: Deletion) -> None:
        now = self._now_us()
        age = (now - deletion.requested_us) / MICRO
        if deletion.state is DeletionState.DONE and age >= WATCHED_SECONDS:
            closed = dataclasses.replace(deletion, state=DeletionState.CLOSED, digest="", verified_us=now)
            await self._store.save(closed)
        elif deletion.state is DeletionState.RUNNING:
            await self._erase(deletion)
        elif age >= FIRST_LOOK_SECONDS and age >= GROWTH * (deletion.verified_us - deletion.requested_us) / MICRO:
            await self._look(deletion)

    async def _erase(self, deletion: Deletion) -> None:
        """Delete what is there; done when nothing is left, in tables or on disk."""
        left = 0
        changed = deletion
        if deletion.id not in self._erased:
            changed = await self._delete_rows(deletion)
            # A second time nothing is found: that is the proof.
            left = await self._store.late(deletion) + await self._archives.erase(deletion)
            if not left:
                self._erased.add(deletion.id)
        remaining = left + await self._store.leftovers(deletion)
        if not remaining:
            now = self._now_us()
            changed = dataclasses.replace(changed, state=DeletionState.DONE, done_us=deletion.done_us or now)
        if dataclasses.replace(changed, remaining=remaining) != deletion:
            await self._store.save(dataclasses.replace(changed, remaining=remaining, verified_us=self._now_us()))

    async def _delete_rows(self, deletion: Deletion) -> Deletion:
        # What was begun can be told, after a start, from what was not.
        await self._store.save(dataclasses.replace(deletion, verified_us=self._now_us()))
        async with self._rollups.working:
            await self._intake.quiet()
            erased = await self._store.erase(deletion)
            if deletion.scope == "tenant":
                self._rollups.forget(deletion.tenant)
        if erased or deletion.is_begun:
            # Cut short, it is done in the next round: until then the deletion is not.
            await self._intake.renew()
            # After it: what is made meanwhile may tell what was in memory.
            self._forget(deletion.tenant)
        # After the store: what is archived now is read from what is left.
        erased += await self._archives.erase(deletion)
        return dataclasses.replace(deletion, deleted=deletion.deleted + erased)

    async def _look(self, deletion: Deletion) -> None:
        late = await self._store.late(deletion)
        state = DeletionState.RUNNING if late else DeletionState.DONE
        self._erased.discard(deletion.id)
        await self._store.save(dataclasses.replace(deletion, state=state, remaining=0, verified_us=self._now_us()))

    def _now_us(self) -> int:
        return int(self._clock.now() * MICRO)
