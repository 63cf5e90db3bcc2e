"""The life of a worker process: the agent, the demo."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from services.core.clock import Clock, SystemClock
from services.runtime import logs
from services.runtime.logs import Log

Work = Callable[[Log, Clock], Coroutine[Any, Any, None]]


def work(name: str, job: Work) -> None:
    """Run `job` until SIGTERM or SIGINT cancels it."""
    log = logs.configure(
        name, os.environ.get("BINNACLE_LOG_LEVEL", "info"), os.environ.get("BINNACLE_LOG_FORMAT", "console")
    )
    asyncio.run(_until_signal(job, log))


async def _until_signal(job: Work, log: Log) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(job(log, SystemClock()))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    log.info("ready")
    # Ended by a signal, the job is done; ended by itself, it failed, and its error says how.
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    log.info("stopped")
