"""A wired aggregator over a real embedded store."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from services.aggregator.config import AggregatorConfig
from services.aggregator.wiring import wire
from tests.component.aggregator.aggregators import Aggregator
from tests.support.empty_store import lay_empty_store
from tests.support.services import running_service, socket_address

Start = Callable[[], AbstractAsyncContextManager[Aggregator]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts an aggregator over the test's own store; again and again if need be."""
    lay_empty_store(tmp_path / "aggregator" / "chdb")

    @asynccontextmanager
    async def started() -> AsyncIterator[Aggregator]:
        config = AggregatorConfig(listen=socket_address("aggregator"), data_dir=tmp_path, drain_seconds=1)
        async with running_service("aggregator", config, wire) as channel:
            aggregator = Aggregator(channel)
            await aggregator.until_ready()
            yield aggregator

    return started


@pytest.fixture
async def aggregator(start: Start) -> AsyncIterator[Aggregator]:
    async with start() as started:
        yield started
