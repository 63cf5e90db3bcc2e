"""What a watchdog tells a real server."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.core.clock import SystemClock
from services.core.errors import Unavailable
from services.runtime import logs
from services.runtime.watchdog import Watchdog
from tests.support.pings import listening
from tests.support.waiting import eventually

LOG = logs.configure("test", "error", "console")

pytestmark = pytest.mark.network


async def test_it_pings_under_its_name_while_all_is_well_whatever_is_answered() -> None:
    state, refused = {"well": True}, list[float]()

    async def well() -> None:
        if not state["well"]:
            refused.append(1.0)
            raise Unavailable("not now")

    def refused_again(times: int) -> Callable[[], Awaitable[bool]]:
        async def is_refused() -> bool:
            return len(refused) >= times

        return is_refused

    async with listening() as (url, listener):
        watchdog = Watchdog(f"{url}/ping/{{process}}", "aggre gator", 0.01, SystemClock(), LOG)
        task = asyncio.create_task(watchdog.run(well))
        await eventually(listener.heard(2), "pings")
        listener.status = 500
        await eventually(listener.heard(len(listener.paths) + 2), "pings to one that fails")
        state["well"] = False
        await eventually(refused_again(1), "it asks whether all is well")
        silent = len(listener.paths)
        await eventually(refused_again(4), "it asks again")
        assert len(listener.paths) == silent
        state["well"] = True
        await eventually(listener.heard(silent + 1), "pings again")
        assert set(listener.paths) == {"/ping/aggre gator"}
        task.cancel()


async def test_nobody_there_is_no_reason_to_stop() -> None:
    asked = 0

    async def well() -> None:
        nonlocal asked
        asked += 1

    async def has_asked() -> bool:
        return asked >= 3

    watchdog = Watchdog("http://127.0.0.1:1/", "x", 0.01, SystemClock(), LOG)
    task = asyncio.create_task(watchdog.run(well))
    await eventually(has_asked, "it goes on")
    assert not task.done()
    task.cancel()
