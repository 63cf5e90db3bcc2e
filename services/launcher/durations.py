"""Spans of time on a command line."""

import re
from typing import Any

import click

_FORM = re.compile(r"^(\d+(?:\.\d+)?)(ms|s|m|h)?$")
_SECONDS = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "h": 3600.0}


class Duration(click.ParamType[float]):
    """`500ms`, `1s`, `5m`, `1h` or seconds; above `least` seconds."""

    name = "duration"

    def __init__(self, least: float) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        found = _FORM.match(str(value))
        if found is None:
            self.fail(f"{value!r} is no duration; write 500ms, 1s, 5m or 1h.", param, ctx)
        seconds = float(found[1]) * _SECONDS[found[2]]
        if seconds < self._least:
            self.fail(f"{value} is too short; the least is {self._least:g} s.", param, ctx)
        return seconds
