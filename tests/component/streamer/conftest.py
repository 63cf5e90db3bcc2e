"""Fixtures of the streamer's component tests."""

from collections.abc import AsyncIterator

import pytest

from tests.support.streamer import House, streamer


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A streamer with all its neighbours."""
    async with streamer() as held:
        yield held
