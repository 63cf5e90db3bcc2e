"""How a process is set up before it serves."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from services.runtime import main


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What a service sets is set for the whole process."""
    interval, garbage = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*garbage)


async def test_the_loop_waits_shortly_for_threads_that_run_python(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[float, int]] = []

    @asynccontextmanager
    async def running(*_given: Any, **_named: Any) -> AsyncIterator[SimpleNamespace]:
        served.append((sys.getswitchinterval(), gc.get_threshold()[0]))
        leaving = asyncio.Event()
        leaving.set()
        yield SimpleNamespace(leaving=leaving)

    monkeypatch.setattr(main, "running", running)
    none: Any = None
    await main._serve("service", none, none, SimpleNamespace(info=lambda _words: None))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)
    [(interval, objects)] = served
    assert interval < 0.001
    assert objects > 700
