"""Whether the suite as a whole is well."""

import asyncio
from collections.abc import Sequence

from services.core.conventions import HEALTHY
from services.core.errors import Unavailable
from services.streamer.ports import Part


async def condition(parts: Sequence[Part]) -> dict[str, str]:
    """The state of each part by name, all `healthy`. Raises Unavailable naming those that are not, and why."""
    async with asyncio.TaskGroup() as tasks:
        asked = {part.name: tasks.create_task(part.problem()) for part in parts}
    problems = {name: task.result() for name, task in asked.items()}
    ill = [f"{name} ({problem})" for name, problem in problems.items() if problem is not None]
    if ill:
        raise Unavailable(f"not ready: {', '.join(ill)}")
    return dict.fromkeys(problems, HEALTHY)


async def metrics_of(parts: Sequence[Part]) -> dict[str, str | None]:
    """The metrics of each part by name; None for one that does not answer."""
    async with asyncio.TaskGroup() as tasks:
        asked = {part.name: tasks.create_task(part.metrics()) for part in parts}
    return {name: task.result() for name, task in asked.items()}
