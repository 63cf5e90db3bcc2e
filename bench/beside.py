"""Work of a process of its own, beside what is measured."""

import asyncio
import multiprocessing
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

Work = Callable[..., Coroutine[Any, Any, None]]


@contextmanager
def beside(work: Work, *arguments: object) -> Iterator[None]:
    """`work` goes on for the length of the block."""
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(work, *arguments))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _run(work: Work, *arguments: object) -> None:
    asyncio.run(work(*arguments))
