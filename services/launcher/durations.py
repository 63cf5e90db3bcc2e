"""Spans of time on a command line."""

from typing import Any

import click

from services.runtime.spans import seconds_from


class Duration(click.ParamType[float]):
    """`500ms`, `1s`, `5m`, `1h`, `7d` or seconds; above `least` seconds."""

    name = "duration"

    def __init__(self, least: float) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        seconds = seconds_from(str(value)) or seconds_from(f"{value}s")
        if seconds is None:
            self.fail(f"{value!r} is no duration; write 500ms, 1s, 5m or 1h.", param, ctx)
        if seconds < self._least:
            self.fail(f"{value} is too short; the least is {self._least:g} s.", param, ctx)
        return seconds
