"""The end of a series is kept, and is no reading."""

from pathlib import Path

import numpy as np
import pytest

from services.aggregator.domain.live.live import history_bounds
from services.core import conventions
from tests.support.journals import NOW, record, segment
from tests.support.stores import MAKERS, opened

STALE = float(np.array([conventions.STALE_BITS], np.uint64).view(np.float64)[0])


@pytest.mark.parametrize("kind", ["memory", pytest.param("chdb", marks=pytest.mark.store)])
async def test_the_newest_reading_is_the_one_before_the_end(kind: str, tmp_path: Path) -> None:
    ended = record(
        series=[(1, conventions.SYSTEM_DISK, {"host": "a"})],
        samples=[(1, NOW - 2, 12.5), (1, NOW - 1, STALE)],
    )
    async with opened(MAKERS[kind](tmp_path / "store")) as store:
        await store.commit(segment(ended))
        history = await store.live_history("default", history_bounds(NOW))
        assert (await store.intake_counts("default")).samples == 2
    assert [(sample.time_ms, sample.value) for sample in history.samples] == [(round((NOW - 2) * 1000), 12.5)]
