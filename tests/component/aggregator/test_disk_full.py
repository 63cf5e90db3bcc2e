"""The store's disk is full: the engine says nothing of it, the store does."""

from pathlib import Path

import pytest

from services.core.errors import Unavailable
from tests.component.aggregator.everything import everything
from tests.support.small_disk import full, small_disk
from tests.support.stores import chdb_store, opened

pytestmark = [pytest.mark.store]


async def test_a_segment_is_kept_when_there_is_room_again(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    whole = everything()
    with small_disk(disk, 64):
        async with opened(chdb_store(disk / "store")) as store:
            with full(disk):
                for _again in range(3):
                    with pytest.raises(Unavailable):
                        await store.commit(whole)
                assert await store.committed() == {}
            # What failed before it counts against nobody after it.
            await store.commit(whole)
            assert await store.committed() == {whole.journal_id: whole.to_offset}
            assert (await store.intake_counts("default")).events == 22
        async with opened(chdb_store(disk / "store")) as store:
            await store.commit(whole)
            assert (await store.intake_counts("default")).events == 22
